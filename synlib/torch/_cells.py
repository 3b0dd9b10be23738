"""The memory cells behind parameters, and how changes of them are counted.

Weights are compared in batches that stay in the processor's cache, large parameters piece by piece
and small ones together: counting costs little more than reading the weights once as they were and
once as they are.
"""

import itertools

import torch

CPU_BATCH = 1 << 17  # entries
DEVICE_BATCH = 1 << 24  # entries; so many ones are still summed exactly in single precision


class Cells:
    """The cells of one parameter, as they were at the start and at the last look."""

    def __init__(self, name, parameter, count_writes):
        self.name, self.parameter = name, parameter
        self.kind = kind_of(parameter)
        weights = parameter.detach()
        self.initial = weights.clone(memory_format=torch.preserve_format)
        self.before = self.initial.clone(memory_format=torch.preserve_format)
        self.writes = torch.zeros_like(weights, dtype=torch.int32) if count_writes else None
        self.version = parameter._version
        self.address = None

    def maybe_written(self):
        """Whether anything was written since the last look, as far as PyTorch can tell."""
        return self.parameter._version != self.version

    def may_differ(self):
        """Whether there is anything to compare: custom optimizers write past PyTorch's notice."""
        return self.parameter.grad is not None or self.maybe_written()

    def find(self):
        """Where the weights are now; their axes may be in another order than they were."""
        weights = self.parameter.detach()
        for name in ("before", "initial", "writes"):
            old = getattr(self, name)
            if old is not None and old.stride() != weights.stride():
                setattr(self, name, torch.empty_like(weights, dtype=old.dtype).copy_(old))
        self.address = weights.data_ptr()
        self.dense = self.before.stride() == weights.stride()  # else there are gaps in it

    def pieces(self, weights):
        """Views of what is compared at a time, in the order of memory where that is possible."""
        if not self.dense:
            return [weights]
        return weights.as_strided((weights.numel(),), (1,)).split(_batch(weights.device))


class Comparison:
    """Counts the changes of parameters of one type on one device.

    Parameters
    ----------
    cells : list of Cells
    exponent : float
        Of the size of a change in its cost.
    """

    def __init__(self, cells, exponent):
        self.cells, self.exponent = cells, exponent
        self.find()

    def spent_on(self, cells):
        """Cost and number of the writes of some cells so far, array (2,)."""
        return self.earlier[cells] + self.spent[self.rows[cells]].sum(0)

    def look(self, differ):
        """Count what has changed since the last look, and remember the weights as they are.

        Parameters
        ----------
        differ : callable
            Whether the weights of some `Cells` have to be compared.
        """
        if any(one.parameter.data_ptr() != one.address for one in self.cells):
            self.find()
        for batch in self.batches:
            if any(map(differ, batch.cells)):
                batch.measure(self.exponent)
                batch.remember()
                self.spent[batch.rows].add_(batch.sums)
        for one in self.cells:
            one.version = one.parameter._version

    def from_start(self, cells, weights):
        """Cost and number of the changes from the initial ``weights`` to these, array (2,)."""
        if weights.stride() != cells.initial.stride():
            weights = torch.empty_like(cells.initial).copy_(weights)
        total = torch.zeros(2, dtype=torch.float64, device=weights.device)
        for new, old in zip(cells.pieces(weights), cells.pieces(cells.initial), strict=True):
            batch = _Batch([(cells, new, old, None)], self.scratch, 0)
            batch.measure(self.exponent)
            total += batch.sums[0]
        return total

    def find(self):
        """See where the weights are, and which of them are compared together."""
        known = {one: self.spent_on(one) for one in self.cells} if hasattr(self, "rows") else {}
        groups, self.rows, size, n_rows = [[]], {}, 0, 0
        for one in self.cells:
            one.find()
            weights = one.parameter.detach()
            stores = [weights, one.before] + ([] if one.writes is None else [one.writes])
            pieces = list(zip(*map(one.pieces, stores), strict=True))
            for piece in pieces:
                if groups[-1] and size + piece[0].numel() > _batch(weights.device):
                    groups.append([])
                    size = 0
                groups[-1].append((one, *piece))
                size += piece[0].numel()
            self.rows[one] = slice(n_rows, n_rows + len(pieces))
            n_rows += len(pieces)
        longest = max(sum(piece[1].numel() for piece in group) for group in groups)
        kind = {"dtype": precision_of(weights), "device": weights.device}
        self.scratch = torch.empty(2, longest, **kind)
        # cost and number of the writes of each piece, so that one addition serves many of them
        self.spent = torch.zeros(n_rows, 2, dtype=torch.float64, device=weights.device)
        self.earlier = known or {one: torch.zeros_like(self.spent[0]) for one in self.cells}
        starts = itertools.accumulate(map(len, groups), initial=0)
        self.batches = [
            _Batch(group, self.scratch, start) for start, group in zip(starts, groups, strict=False)
        ]


class _Batch:
    """Pieces that are compared together: (cells, weights, weights before, writes) of each."""

    def __init__(self, pieces, scratch, first_row):
        self.cells = list(dict.fromkeys(piece[0] for piece in pieces))
        self.new, self.old = [piece[1] for piece in pieces], [piece[2] for piece in pieces]
        self.writes = [piece[3] for piece in pieces if len(piece) > 3]
        self.rows = slice(first_row, first_row + len(pieces))
        lengths = [new.numel() for new in self.new]
        self.scratch = scratch[:, : sum(lengths)]
        self.parts = self.scratch.split(lengths, 1)
        shapes = [new.shape for new in self.new]
        self.difference = [p[0].view(shape) for p, shape in zip(self.parts, shapes, strict=True)]
        self.written = [p[1].view(shape) for p, shape in zip(self.parts, shapes, strict=True)]
        self.sums = torch.empty(len(pieces), 2, dtype=scratch.dtype, device=scratch.device)
        self.sum_of = list(self.sums)

    def measure(self, exponent):
        """Cost and number of the changes, in `sums`; ones in `written`."""
        if len(self.new) == 1 and self.new[0].dtype == self.scratch.dtype:
            torch.sub(self.new[0], self.old[0], out=self.difference[0])
        else:  # the difference of two numbers of low precision is not of low precision
            torch._foreach_copy_(self.difference, self.new)
            torch._foreach_sub_(self.difference, self.old)
        size, written = self.scratch
        size.abs_()
        torch.sign(size, out=written)
        if exponent == 0:
            size.copy_(written)
        elif exponent != 1:
            size.pow_(exponent)
        for part, total in zip(self.parts, self.sum_of, strict=True):
            torch.sum(part, 1, out=total)

    def remember(self):
        """Take the weights as they are for those before, and enter the writes of each cell."""
        torch._foreach_copy_(self.old, self.new)
        for written, writes in zip(self.written, self.writes, strict=False):
            writes.add_(written.bool())


def kind_of(weights):
    """What must stay as it is while weights are followed."""
    return weights.dtype, weights.device, weights.shape


def precision_of(weights):
    """In which changes are measured: at least single."""
    return torch.float64 if weights.dtype == torch.float64 else torch.float32


def _batch(device):
    return CPU_BATCH if device.type == "cpu" else DEVICE_BATCH
