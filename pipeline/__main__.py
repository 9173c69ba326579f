"""Run `python -m pipeline` as the command `wireroom`."""

from pipeline.cli import main

if __name__ == "__main__":
    main()
