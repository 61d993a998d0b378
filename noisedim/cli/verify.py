"""``noisedim verify``."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

if TYPE_CHECKING:
    from noisedim.verification.outcomes import Row

__all__ = ["Verify"]


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Check claims of the paper by computing them, and print what was computed; exit code 1 if one fails.

    Examples: noisedim verify theorem-3.4, noisedim verify E4 E5, noisedim verify --list, or noisedim verify (everything).
    """

    claims: tyro.conf.Positional[tuple[str, ...]] = field(default=())
    """Ids, as --list shows them; default all (minutes). A claim given twice is run once."""
    list_only: Annotated[bool, tyro.conf.arg(name="list")] = False
    """Only list the claims."""
    seed: int = 0
    """Root seed of everything that is sampled."""
    every: bool = False
    """Show every relation, not only three per check and those that fail."""
    output: Path | None = None
    """.json file for all that was found: one summary per claim, and every relation with its figures."""

    def run(self) -> int:
        """Check the claims; 1 if one fails."""
        from noisedim.checks import positive_integer
        from noisedim.files import write_json_atomically
        from noisedim.progress import progress_display
        from noisedim.theory.claims import CLAIMS, claim
        from noisedim.verification.ledger import make_ledger
        from noisedim.verification.outcomes import Verdict

        positive_integer("seed", self.seed, minimum=0)
        if self.list_only:
            for item in CLAIMS.values():
                print(f"{item.id:<22} {item.title}")
            return 0
        chosen = {claim(claim_id).id: None for claim_id in self.claims or CLAIMS}
        rows = {}
        with progress_display("claims", len(chosen)) as display:
            for claim_id in chosen:
                rows[claim_id] = verify_claim(claim_id, seed=self.seed, every=self.every)
                # On a terminal, what is found is the progress.
                if len(chosen) > 1 and not sys.stdout.isatty():
                    display.advance(f"last {claim_id}")
        found = [row for of_claim in rows.values() for row in of_claim]
        if self.output is not None:
            write_json_atomically(self.output, make_ledger([row.to_dict() for row in found], seed=self.seed))
        failed = [claim_id for claim_id, of_claim in rows.items() if any(row.failed for row in of_claim)]
        if len(chosen) > 1:
            undecided = sum(row.verdict is Verdict.INCONCLUSIVE for row in found)
            print(
                f"{len(chosen)} claims, {len(found)} cases: {sum(row.as_expected for row in found)} as expected, "
                f"{undecided} inconclusive" + (f"; not as they should be: {', '.join(failed)}" if failed else "")
            )
        return int(bool(failed))


def verify_claim(claim_id: str, *, seed: int, every: bool) -> "list[Row]":
    """Run a claim's checks and print what they found."""
    from noisedim.theory.claims import claim
    from noisedim.verification.explain import claim_words, row_words, verdict_words
    from noisedim.verification.registry import checks_of
    from noisedim.verification.run import run_case

    item = claim(claim_id)
    print("\n".join(claim_words(item)), flush=True)
    rows: list[Row] = []
    for check in checks_of(item.id):
        print(f"\n  {check.name} ({check.role}): {check.summary}")
        shown = 0
        for case in check.cases:
            row = run_case(check, case, seed=seed)
            rows.append(row)
            lines = row_words(row, every=every, room=None if every else max(0, 3 - shown))
            shown += len(lines)
            for line in lines:
                print(f"    {line}", flush=True)
        of_check = [row for row in rows if row.check == check.name]
        relations = sum(len(row.findings) for row in of_check)
        print(
            f"    {len(of_check)} cases, {relations} relations, {sum(r.as_expected for r in of_check)} cases as expected"
        )
    print(f"\n{verdict_words(item, rows)}\n", flush=True)
    return rows
