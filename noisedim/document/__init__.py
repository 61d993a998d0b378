"""Documents: sections of verdicts, text, tables and pictures, rendered as a page and as Markdown.

Knows neither runs nor studies.
"""
