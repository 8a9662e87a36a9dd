"""Data larger than memory: the trainer holds the model, a few batches and what it reads at the moment."""
import os
import struct
import subprocess

import tools
from tools import TrainerCase

GIB = 1 << 30
ROW = 784


def sparse_npy(path, rows, width, dtype="<f4", item=4):
    """Zeros that take no room on the disk."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({rows}, {width}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.truncate(file.tell() + rows * width * item)


class LargeData(TrainerCase):
    model = staticmethod(lambda: tools.mlp(inputs=ROW))

    def fit_measured(self, *arguments):
        """Exit status, messages and the largest resident size in bytes, pages of mapped files included."""
        with open(self.folder / "messages", "w+") as messages:
            child = subprocess.Popen([self.trainer, "fit", "-x", "x.npy", "-y", "y.npy", "--no-save", *arguments],
                                     cwd=self.folder, stdout=messages, stderr=messages)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            messages.seek(0)
            return subprocess.CompletedProcess((), child.returncode, "", messages.read()), usage.ru_maxrss << 10

    def test_four_gigabytes(self):
        rows = 4 * GIB // (4 * ROW)
        sparse_npy(self.folder / "x.npy", rows, ROW)
        sparse_npy(self.folder / "y.npy", rows, 1, "|u1", 1)
        # Half a gigabyte of rows: from all over the file, then in order.
        for shuffle in ("true", "false"):
            with self.subTest(shuffle=shuffle):
                done, peak = self.fit_measured("--batch-size", "1024", "--steps-per-epoch", "160", "--shuffle", shuffle)
                self.assert_works(done)
                self.assertLess(peak, 200 << 20)

    def test_labels_that_are_checked_without_being_held(self):
        rows = GIB // 8
        sparse_npy(self.folder / "x.npy", rows, ROW)
        sparse_npy(self.folder / "y.npy", rows, 1, "<i8", 8)
        with open(self.folder / "y.npy", "r+b") as file:
            file.seek(-8, 2)
            file.write(struct.pack("<q", 7))
        done, peak = self.fit_measured("--steps-per-epoch", "4", "--batch-size", "32")
        self.assert_refused(done, rf"y\.npy'\[{rows - 1}, 0\]: got 7", "has 3 classes")
        self.assertLess(peak, 200 << 20)

    def test_a_file_that_is_cut_off(self):
        rows = GIB // ROW
        sparse_npy(self.folder / "x.npy", rows, ROW)
        with open(self.folder / "x.npy", "r+b") as file:
            file.truncate(GIB)
        self.assert_refused(self.fit(), r"x\.npy: cut off")
