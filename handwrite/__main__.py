"""`python -m handwrite` is `handwrite`."""

from handwrite.cli.app import main

if __name__ == "__main__":
    main()
