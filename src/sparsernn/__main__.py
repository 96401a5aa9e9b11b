"""``python -m sparsernn``: the same as the command `sparsernn`."""

from sparsernn.cli import main

if __name__ == "__main__":
    main()
