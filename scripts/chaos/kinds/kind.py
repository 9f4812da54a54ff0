"""What all kinds of blows have in common."""

EARLY = ("asked", "begun", "images", "services")
BUSY = ("services", "starting", "loading", "databases", "testing", "amid", "late")
LATE = ("totals", "one ended", "all ended")
ANY = EARLY + BUSY + LATE


class Kind:
    """A kind of blow. `name` is what the table calls it."""

    moments = ANY
    weight = 10
    needs_root = False
    needs_second = False

    def prepare(self, blow):
        """Before the run starts."""

    def strike(self, blow):
        raise NotImplementedError
