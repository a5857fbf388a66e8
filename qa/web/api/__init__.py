"""What programs use: REST, the administrator's calls, MCP, and how errors look there."""
