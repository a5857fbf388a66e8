"""The command line: `briefing COMMAND`; `briefing --help` lists the commands.

Answers go to stdout, logs, progress and errors to stderr. Exit codes: 0 fine, 1 error, 2 usage.

`main` holds the list of commands, `ask`, `fetch`, `index`, `serve`, `evaluate` and `writer` the commands themselves,
`options` what several take, `opening` the way from flags to a briefing, `show` what answers look like, `terminal` the
two streams.
"""

from qa.cli.main import app, main

__all__ = ["app", "main"]
