"""The right of a leader whom nobody challenges, for tests of what it does with it."""


class Unchallenged:
    lost = False

    async def sure(self) -> None:
        """Nobody else leads."""
