"""The long demonstrations: many calls on a stack of their own, with the times of real service, and the figures they give."""
