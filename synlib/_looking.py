"""How accurate a network is, looked at again and again while it learns."""

import numpy as np

from synlib._forward import static_input, summed_outputs


class HeldOut:
    """Samples on which the accuracy of a network is measured, held out or not.

    Parameters
    ----------
    net : MLP
    inputs : Inputs
    y : array (n_samples,)
        Their labels.
    classes : array (n_outputs,)
        Labels of the output units.
    weights : tuple of array
        Those of each layer, (n_inputs, n_units), when learning begins.
    plastic : int
        How many units of the first hidden layer ever learn.
    """

    def __init__(self, net, inputs, y, classes, weights, plastic):
        self.net, self.inputs, self.y, self.classes = net, inputs, y, classes
        self.plastic = plastic
        self.static = static_input(net, inputs, weights, plastic)
        self.order = np.arange(len(y))
        self.sureness = np.zeros(len(y))  # how clear an answer was; below zero for a wrong one

    @np.errstate(over="ignore", invalid="ignore")  # divergence is reported by the estimator
    def accuracy(self, weights, at_least=0.0):
        """Share of the samples that the network gets right, or None if that is below ``at_least``.

        Samples that were wrong, or nearly, when last seen come first, and the look ends as soon as
        there are too many errors: often after an eighth of 10,000 samples.
        """
        first, second, *others = weights
        learned = first[:, : self.plastic], second[: self.plastic], *others
        n_samples, errors = len(self.y), 0
        batches = summed_outputs(self.net, self.inputs, learned, self.static, self.order)
        for which, summed in batches:
            wrong = self.classes[summed.argmax(axis=1)] != self.y[which]
            errors += np.count_nonzero(wrong)
            if at_least > 0:
                rising = np.sort(summed, axis=1)
                clear = rising[:, -1] - rising[:, -2:][:, 0]  # nothing if there is one class only
                self.sureness[which] = np.where(wrong, -clear, clear)
            if (n_samples - errors) / n_samples < at_least:
                break
        if at_least > 0:
            self.order = np.argsort(self.sureness)
        accuracy = (n_samples - errors) / n_samples
        return accuracy if accuracy >= at_least else None
