"""What the package refuses, and in which words; what it reads in place."""

import gc
import sys
import unittest

import numpy as np

import kcc
import tools
from kcc.arrays import bind


class Arguments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = tools.classifier()
        cls.x, cls.y = tools.data()

    def refused(self, pattern, call, error=ValueError):
        with self.assertRaisesRegex(error, pattern):
            call()

    def test_data_that_does_not_fit(self):
        x, y, model = self.x, self.y, self.model
        name, out = model.library.inputs[0].name, model.library.outputs[0].name
        rows = [
            (x[:, :3], y, rf"x has shape \(100, 3\), but input '{name}' takes \(None, 4\)"),
            (x, y[:50], "x has 100 samples, but y has 50"),
            (x[:0], y[:0], "no samples"),
            ({"a": x}, y, f"x has the keys 'a', but the model has the input '{name}'"),
            ([x, x], y, f"x holds 2 arrays, but the model has the input '{name}'"),
            (x.tolist(), y, "x is a list of list: pass a NumPy array"),
            (x.astype(str), y, f"x has dtype <U32, but input '{name}' takes float32"),
            (x.astype(complex), y, f"x has dtype complex128, but input '{name}' takes float32"),
            (x, None, f"y is missing: the model has the output '{out}'"),
            (x, y + 1, f"y holds 3, expected whole numbers from 0 to 2: output '{out}' has 3 classes"),
            (x, y - 1, "y holds -1, expected whole numbers from 0 to 2"),
            (x, y + 0.5, r"y holds \d.5, expected whole numbers"),
            (x, np.eye(3)[y], rf"y has shape \(100, 3\), but output '{out}' takes"),
            (5, y, "x is a int"),
        ]
        for wrong_x, wrong_y, pattern in rows:
            for call in (self.model.fit, self.model.evaluate, self.model.train_on_batch):
                with self.subTest(pattern, call=call.__name__):
                    self.refused(pattern, lambda: call(wrong_x, wrong_y))

    def test_batches_that_cannot_be(self):
        x, y, model = self.x, self.y, self.model
        for number in 0, -3:
            self.refused(f"batch_size is {number}, expected at least 1", lambda: model.fit(x, y, batch_size=number))
            self.refused(f"batch_size is {number}", lambda: model.evaluate(x, y, batch_size=number))
            self.refused(f"batch_size is {number}", lambda: model.predict(x, batch_size=number))
            self.refused(f"steps is {number}", lambda: model.fit(x, y, steps_per_epoch=number))
            self.refused(f"steps is {number}", lambda: model.evaluate(x, y, steps=number))
            self.refused(f"steps is {number}", lambda: model.predict(x, steps=number))

    def test_weights_that_do_not_fit(self):
        x, y, fit = self.x, self.y, self.model.fit
        ones = np.ones(100, np.float32)
        self.refused("cannot be given together", lambda: fit(x, y, sample_weight=ones, class_weight={0: 1}))
        self.refused("sample_weight has 50", lambda: fit(x, y, sample_weight=ones[:50]))
        self.refused(r"sample_weight has shape \(100, 4\)", lambda: fit(x, y, sample_weight=x))
        self.refused("sample_weight has the key 'b'", lambda: fit(x, y, sample_weight={"b": ones}))
        self.refused("validation_split=0.999 of 100 samples", lambda: fit(x, y, validation_split=0.999))
        self.refused("validation_split is 1.5", lambda: fit(x, y, validation_split=1.5))
        self.refused("validation_split is -0.5", lambda: fit(x, y, validation_split=-0.5))
        self.refused("validation_freq", lambda: fit(x, y, validation_freq="1"))
        self.refused("needs arrays", lambda: fit(iter([(x, y)]), validation_split=0.1))

    def test_weights_of_the_model(self):
        weights = self.model.get_weights()
        self.assertEqual([w.shape for w in weights], [(4, 8), (8,), (8, 3), (3,)])
        self.refused("set_weights got 3 arrays, but the model has 4", lambda: self.model.set_weights(weights[:3]))
        self.refused(
            r"set_weights got shape \(8, 4\) for '.*kernel', which has \(4, 8\)",
            lambda: self.model.set_weights([weights[0].T, *weights[1:]]),
        )

    def test_files(self):
        self.refused("must end in .weights.h5", lambda: self.model.save_weights("m.h5"))
        self.refused("must end in .keras", lambda: self.model.save("m.weights.h5"))
        self.refused("does not know the model's description", lambda: self.model.save("m.keras"))
        self.refused("not-there", lambda: self.model.load_weights("/not-there/m.weights.h5"), OSError)
        self.refused("not-there", lambda: self.model.save_weights("/not-there/m.weights.h5"), OSError)
        path = tools.FOLDER / "there.keras"
        path.touch()
        self.refused("exists already", lambda: self.model.save(path, overwrite=False), FileExistsError)

    def test_compiler_and_libraries(self):
        self.refused("named by kcc=", lambda: kcc.compile("m.keras", kcc="/not-there/kcc"), FileNotFoundError)
        self.refused("m.keras", lambda: kcc.compile("/not-there/m.keras"), kcc.CompileError)
        self.refused("takes a Keras model or a file's path, not a dict", lambda: kcc.compile({}), TypeError)
        self.refused("not a shared object made by kcc", lambda: kcc.load(sys.executable))
        self.refused("", lambda: kcc.load("/not-there/libm.so"), FileNotFoundError)

    def test_attributes_of_keras_models(self):
        self.assertFalse(hasattr(self.model, "layers"))
        self.refused("a kcc model has no 'layers'.*to_keras", lambda: self.model.layers, AttributeError)

    def test_fitting_arrays_are_used_in_place(self):
        x, y = self.x.copy(), self.y.copy()
        x.flags.writeable = y.flags.writeable = False
        bound = bind(self.model.library, x, y)
        self.assertEqual(bound.inputs[0].ctypes.data, x.ctypes.data)
        self.assertTrue(np.shares_memory(bound.targets[0], y))
        self.assertEqual(bound.part(10, 20).as_c().inputs[0], x.ctypes.data + 10 * x.strides[0])
        self.model.fit(x, y, verbose=0, validation_split=0.2)

    def test_large_arrays_cost_no_memory(self):
        x = np.zeros((2_000_000, 4), np.float32)  # 32 MB
        before = _peak()
        self.model.predict(x[:100_000], verbose=0)
        self.model.fit(x, np.zeros(len(x), np.int32), batch_size=20_000, shuffle=False, verbose=0)
        gc.collect()
        self.assertLess(_peak() - before, 20 << 20)

    def test_other_types_are_converted(self):
        expected = self.model.predict(self.x, verbose=0)
        for x in (
            self.x.astype(np.float64),
            np.asfortranarray(self.x),
            self.x[::-1][::-1],
            self.x.astype(">f4"),
            [self.x],
            {self.model.library.inputs[0].name: self.x},
        ):
            np.testing.assert_array_equal(self.model.predict(x, verbose=0), expected)
        whole = np.round(self.x)
        np.testing.assert_array_equal(
            self.model.predict(whole.astype(np.int64), verbose=0), self.model.predict(whole, verbose=0)
        )
        losses = [
            self.model.evaluate(self.x, y, verbose=0)[0]
            for y in (self.y, self.y[:, None], self.y.astype(np.float64), self.y.astype(np.uint8))
        ]
        self.assertEqual(len(set(losses)), 1, losses)


def _peak():
    """Bytes that the process has had at most."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))
