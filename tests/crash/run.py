"""`python -m tests.crash.run`: kill -9 of listener and worker under load, then look.

Ends with 0 when every mail that was accepted is on a ticket exactly once and every reply left.
"""

import argparse
import random
import sys

from tests.crash.house import built


def main():
    """Run with the given numbers; `--seed` repeats the choices of an earlier run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--dooms", action="store_true", help="also mails that kill their process")
    parser.add_argument("--steps", action="store_true", help="and at every step of the road")
    parser.add_argument("--lease", type=int, default=6, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with built(lease_s=options.lease) as house:
        # Only now do the settings name the house's servers.
        from tests.crash import story  # noqa: PLC0415

        well = story.play(house, options)
        if not well:
            print(*house.logs(), sep="\n")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
