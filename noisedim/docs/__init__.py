"""The documentation: pages in Markdown, pages made from the code, and the build of both into a site for any browser."""
