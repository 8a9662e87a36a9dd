"""The TensorBoard callback: its files, read as their format says. Where the tensorboard package is installed, it reads
them, too."""
import json
import struct
import unittest

from tools import TrainerCase, mlp

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError:
    EventAccumulator = None


def crc(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        content = data[at + 12:at + 12 + size]
        assert struct.unpack_from("<I", data, at + 8) == (crc(data[at:at + 8]),)
        assert struct.unpack_from("<I", data, at + 12 + size) == (crc(content),)
        yield content
        at += 16 + size
    assert at == len(data)


def fields(message):
    """A protocol buffer's fields: {number: last value}."""
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    at, found = 0, {}
    while at < len(message):
        key = varint()
        if key & 7 == 0:
            found[key >> 3] = varint()
        elif key & 7 == 1:
            found[key >> 3] = struct.unpack_from("<d", message, at)[0]
            at += 8
        else:
            size = varint()
            found[key >> 3] = message[at:at + size]
            at += size
    return found


def events(folder):
    """[(tag, step, plugin, tensor's bytes)] of the one file in a folder."""
    (path,) = folder.glob("events.out.tfevents.*.v2")
    first, *others = records(path)
    assert fields(first)[3] == b"brain.Event:2"
    found = []
    for content in others:
        event = fields(content)
        value = fields(fields(event[5])[1])
        plugin = fields(fields(value[9])[1])[1].decode()
        tensor = fields(value[8])
        found.append((value[1].decode(), event.get(2, 0), plugin, tensor.get(4, tensor.get(8))))
    return found


def scalars(folder):
    found = {}
    for tag, step, plugin, content in events(folder):
        if plugin == "scalars":
            found.setdefault(tag, []).append((step, struct.unpack("<f", content)[0]))
    return found


class TensorBoard(TrainerCase):
    model = staticmethod(mlp)

    def fit_with(self, call, *arguments):
        done = self.fit("--no-save", "--seed", "1", "--batch-size", "8", "--callback", call, "--history", "h.json",
                        *arguments)
        self.assert_works(done)
        return json.loads((self.folder / "h.json").read_text())

    def test_scalars_are_the_history(self):
        history = self.fit_with("TensorBoard('runs/a')", "--epochs", "3", "--validation-x", "x.npy", "--validation-y",
                                "y.npy")
        train, validation = scalars(self.folder / "runs/a/train"), scalars(self.folder / "runs/a/validation")
        self.assertEqual(sorted(train), ["epoch_accuracy", "epoch_learning_rate", "epoch_loss"])
        self.assertEqual(sorted(validation), ["epoch_accuracy", "epoch_loss", "evaluation_accuracy_vs_iterations",
                                              "evaluation_loss_vs_iterations"])
        self.assertEqual(train["epoch_loss"], list(enumerate(history["loss"])))
        self.assertEqual(train["epoch_accuracy"], list(enumerate(history["accuracy"])))
        self.assertEqual(validation["epoch_loss"], list(enumerate(history["val_loss"])))
        self.assertEqual(validation["evaluation_loss_vs_iterations"], list(zip((3, 6, 9), history["val_loss"])))
        self.assertAlmostEqual(train["epoch_learning_rate"][2][1], 0.001, 8)
        model = [e for e in events(self.folder / "runs/a/train") if e[2] == "graph_keras_model"]
        self.assertEqual([e[:2] for e in model], [("keras", 0)])
        self.assertEqual(json.loads(model[0][3])["class_name"], "Sequential")

    def test_batches_and_histograms(self):
        self.fit_with("TensorBoard('logs', histogram_freq=2, write_graph=False, write_steps_per_second=True, "
                      "update_freq=2)", "--epochs", "3")
        train = scalars(self.folder / "logs/train")
        self.assertFalse((self.folder / "logs/validation").exists())
        self.assertEqual([step for step, _ in train["batch_loss"]], [2, 4, 6, 8])
        self.assertEqual([step for step, _ in train["batch_steps_per_second"]], [2, 4, 6, 8])
        self.assertEqual([step for step, _ in train["epoch_steps_per_second"]], [0, 1, 2])
        self.assertNotIn("keras", [e[0] for e in events(self.folder / "logs/train")])
        histograms = [e for e in events(self.folder / "logs/train") if e[2] == "histograms"]
        self.assertEqual({step for _, step, _, _ in histograms}, {0, 2})
        self.assertEqual(len({tag for tag, _, _, _ in histograms}), 4)
        for tag, _, _, content in histograms:
            self.assertRegex(tag, r"^dense(_1)?/(kernel|bias)/histogram$")
            rows = list(struct.iter_unpack("<ddd", content))
            self.assertEqual(len(rows), 30)
            self.assertIn(sum(row[2] for row in rows), (4 * 8, 8, 8 * 3, 3))
        self.fit_with("TensorBoard('each', update_freq='batch')")
        self.assertEqual([step for step, _ in scalars(self.folder / "each/train")["batch_accuracy"]], [1, 2, 3])

    def test_says_what_it_does_not_do(self):
        for call, why in (("TensorBoard(write_images=True)", "write_images is not supported"),
                          ("TensorBoard(embeddings_freq=1)", "embeddings_freq is not supported"),
                          ("TensorBoard(update_freq=0)", "update_freq: expected 'epoch', 'batch' or a number"),
                          ("TensorBoard(update_freq='day')", "received 'day'")):
            self.assert_refused(self.fit("--no-save", "--callback", call), why)
        done = self.fit("--no-save", "--callback", "TensorBoard(profile_batch=(2, 4))")
        self.assert_works(done)
        self.assertIn("profile_batch is ignored", done.stderr)
        (self.folder / "file").write_text("")
        self.assert_refused(self.fit("--no-save", "--callback", "TensorBoard('file/logs')"), "file")

    @unittest.skipIf(EventAccumulator is None, "the tensorboard package is not installed")
    def test_tensorboard_reads_it(self):
        history = self.fit_with("TensorBoard('logs', histogram_freq=1, update_freq=1)", "--epochs", "2",
                                "--validation-split", "0.5")
        train = EventAccumulator(str(self.folder / "logs/train"), size_guidance={"tensors": 0}).Reload()
        tags = train.Tags()["tensors"]
        self.assertIn("epoch_loss", tags)
        self.assertIn("keras", tags)
        self.assertEqual([e.step for e in train.Tensors("dense/kernel/histogram")], [0, 1])
        from tensorboard.util.tensor_util import make_ndarray
        seen = [float(make_ndarray(e.tensor_proto)) for e in train.Tensors("epoch_loss")]
        self.assertEqual(seen, history["loss"])
        validation = EventAccumulator(str(self.folder / "logs/validation")).Reload()
        self.assertIn("evaluation_loss_vs_iterations", validation.Tags()["tensors"])


if __name__ == "__main__":
    unittest.main()
