"""All entries, in the order in which the module has them."""

from synlib.book.live import network, perceptron, spiking

ENTRIES = (*perceptron.ENTRIES, *network.ENTRIES, *spiking.ENTRIES)
