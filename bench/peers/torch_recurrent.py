"""Keras's recurrent layers as PyTorch's own: gates in PyTorch's order, and one bias where Keras has one."""
import torch
from torch import nn

from translation import Untranslatable, no_others


class Recurrent(nn.Module):
    """`own` is nn.LSTM, nn.GRU or nn.RNN; `gates`: of Keras's gates the one that stands at each of PyTorch's places."""

    takes_mask = True

    def __init__(self, config, weights, kind, gates):
        super().__init__()
        no_others(config, activation="tanh", recurrent_activation="sigmoid", use_bias=True, go_backwards=False,
                  dropout=0.0, recurrent_dropout=0.0, return_state=False, reset_after=True)
        name = config["name"]
        kernel, recurrent = weights.get(name, "kernel"), weights.get(name, "recurrent_kernel")
        bias = weights.get(name, "bias")
        arranged = lambda value: torch.cat([value.chunk(len(gates), -1)[gate] for gate in gates], -1)
        self.own = kind(kernel.shape[0], config["units"], batch_first=True)
        with torch.no_grad():
            self.own.weight_ih_l0.copy_(arranged(kernel).t())
            self.own.weight_hh_l0.copy_(arranged(recurrent).t())
            self.own.bias_ih_l0.copy_(arranged(bias if bias.dim() == 1 else bias[0]))
            self.own.bias_hh_l0.copy_(arranged(torch.zeros_like(bias) if bias.dim() == 1 else bias[1]))
        self.own.bias_hh_l0.requires_grad_(bias.dim() == 2)
        self.sequences, self.stateful, self.state = config["return_sequences"], config["stateful"], None

    def forward(self, x, mask=None):
        if mask is not None:
            return self.masked(x, mask)
        y, state = self.own(x, self.state)
        if self.stateful:
            self.state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        return y if self.sequences else last(state)

    def masked(self, x, mask):
        if self.sequences or self.stateful:
            raise Untranslatable("a masked layer that returns sequences or keeps its state")
        lengths = mask.sum(1)
        padded_after = bool((mask[:, 1:] <= mask[:, :-1]).all()) and bool((lengths > 0).all())
        if not padded_after:
            return self.step_by_step(x, mask)
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return last(self.own(packed)[1])

    def step_by_step(self, x, mask):
        """Where steps in the middle are masked: PyTorch has no kernel for it."""
        raise Untranslatable("a mask that is not padding at the end")


def last(state):
    return (state[0] if isinstance(state, tuple) else state)[0]


class LSTM(Recurrent):
    def __init__(self, config, weights):
        super().__init__(config, weights, nn.LSTM, (0, 1, 2, 3))

    def step_by_step(self, x, mask):
        own = self.own
        h = c = x.new_zeros(len(x), own.hidden_size)
        for time in range(x.shape[1]):
            h_new, c_new = torch.lstm_cell(x[:, time], (h, c), own.weight_ih_l0, own.weight_hh_l0, own.bias_ih_l0,
                                           own.bias_hh_l0)
            keep = mask[:, time, None]
            h, c = torch.where(keep, h_new, h), torch.where(keep, c_new, c)
        return h


class GRU(Recurrent):
    def __init__(self, config, weights):
        super().__init__(config, weights, nn.GRU, (1, 0, 2))


class SimpleRNN(Recurrent):
    def __init__(self, config, weights):
        super().__init__(config, weights, nn.RNN, (0,))
