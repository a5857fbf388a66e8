"""What measures: quality, speed and endurance, each a script with its own --help."""
