// For screen readers and keyboards, which the theme forgets: the bar of each block of code has a name of its own, code,
// tables and formulas that scroll can be reached.
new MutationObserver(() => {
  for (const bar of document.querySelectorAll(".md-code__nav:not([aria-label])")) {
    bar.setAttribute("aria-label", "Code " + (bar.closest("pre")?.id.match(/\d+/)?.[0] ?? ""));
  }
  for (const scroller of document.querySelectorAll('pre > code, .md-typeset__scrollwrap, :has(> math[display="block"])')) {
    if (!scroller.hasAttribute("tabindex")) scroller.setAttribute("tabindex", "0");
  }
}).observe(document.documentElement, { attributeFilter: ["tabindex"], childList: true, subtree: true });
