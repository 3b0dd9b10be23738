"""What any PyTorch model writes while it learns, and rules and memories that make it write less.

`Ledger` counts what an optimizer changes; `Plastic` decides, by the rules and memories of `synlib`,
which of the changes are made and where they are stored. Both hang on the hooks of the optimizer, so
that the training loop stays as it is.
"""

from synlib._extras import extra

with extra("torch"):
    from synlib.torch.ledger import Ledger
    from synlib.torch.plastic import Plastic

__all__ = ["Ledger", "Plastic"]
