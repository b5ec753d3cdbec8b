"""The parts of an area's profile: what is known, what it is compared with, and the document made of it."""
