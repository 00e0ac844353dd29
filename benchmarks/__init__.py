"""Speed, memory and quality; each a command that prints a table and writes JSON."""
