"""Several inputs and outputs, integer inputs, weights, and batches from generators, in Keras and compiled."""

import warnings

import keras
import numpy as np
from keras import layers as L

from both import Both, classifier, data


def two_by_two(as_dict=False, **options):
    keras.utils.set_random_seed(3)
    a, words = keras.Input((4,), name="a"), keras.Input((5,), dtype="int32", name="words")
    joined = L.Concatenate()([L.Dense(6, "tanh")(a), L.GlobalAveragePooling1D()(L.Embedding(11, 3)(words))])
    kind, size = L.Dense(3, "softmax", name="kind")(joined), L.Dense(1, name="size")(joined)
    outputs = {"kind": kind, "size": size} if as_dict else [kind, size]
    model = keras.Model({"a": a, "words": words} if as_dict else [a, words], outputs)
    model.compile(
        keras.optimizers.Adam(0.01),
        {"kind": "sparse_categorical_crossentropy", "size": "mse"},
        metrics={"kind": ["accuracy"], "size": ["mae"]},
        loss_weights={"kind": 1.0, "size": 0.3},
        **options,
    )
    return model


class Data(Both):
    def setUp(self):
        random = np.random.default_rng(1)
        self.a = random.normal(size=(60, 4)).astype(np.float32)
        self.words = random.integers(0, 11, (60, 5))
        self.kind, self.size = random.integers(0, 3, 60), random.normal(size=(60, 1)).astype(np.float32)

    def test_several_inputs_and_outputs(self):
        model = two_by_two()
        fast = self.compiled(model)
        x, y = [self.a, self.words], [self.kind, self.size]
        by_name = {"words": self.words, "a": self.a}, {"kind": self.kind, "size": self.size}
        self.assert_same_training(model, fast, x, y, epochs=2, validation_split=0.2)
        self.assert_same_training(model, fast, *by_name, epochs=2)
        self.assert_same_training(model, fast, x, y, sample_weight=[np.linspace(0, 1, 60), np.linspace(1, 0, 60)])
        self.assert_close(fast.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0))
        self.assert_close(fast.predict(x, verbose=0), model.predict(x, verbose=0))
        self.assert_close(fast.train_on_batch(x, y, return_dict=True), model.train_on_batch(x, y, return_dict=True))
        with self.assertRaisesRegex(ValueError, "class_weight is for models with one output"):
            fast.fit(x, y, class_weight={0: 1})
        with self.assertRaisesRegex(ValueError, "x holds 1 arrays, but the model has the inputs 'a', 'words'"):
            fast.fit([self.a], y)
        with self.assertRaisesRegex(ValueError, "words.*0 to 10"):
            fast.predict([self.a, self.words + 6])

    def test_dicts_come_back_as_dicts(self):
        model = two_by_two(as_dict=True)
        fast = self.compiled(model)
        x, y = {"a": self.a, "words": self.words}, {"kind": self.kind, "size": self.size}
        self.assert_same_training(model, fast, x, y, epochs=2)
        self.assert_same_training(
            model,
            fast,
            x,
            y,
            validation_data=(x, y),
            sample_weight={"kind": np.linspace(0, 1, 60), "size": np.ones(60)},
        )
        stopper = keras.callbacks.EarlyStopping("kind_accuracy", mode="max", patience=0, baseline=2.0)
        self.assertLess(len(fast.fit(x, y, epochs=9, verbose=0, callbacks=[stopper]).epoch), 9)
        model.set_weights(fast.get_weights())
        expected, seen = model.predict(x, verbose=0), fast.predict(x, verbose=0)
        self.assertEqual(set(seen), set(expected))
        for name in expected:
            self.assert_close(seen[name], expected[name])

    def test_generators(self):
        x, y = data()
        model = classifier()
        fast = self.compiled(model)

        def batches():
            while True:
                for first in range(0, 90, 20):
                    yield x[first : first + 20], y[first : first + 20]

        for options in ({"steps_per_epoch": 5}, {"steps_per_epoch": 3, "validation_data": (x, y)}):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = model.fit(batches(), epochs=2, verbose=0, **options)
                seen = fast.fit(batches(), epochs=2, verbose=0, **options)
            self.assert_close(seen.history, expected.history)
            self.assert_close(fast.get_weights(), model.get_weights(), rtol=1e-3, atol=1e-4)
        finite = lambda: (batch for batch, _ in zip(batches(), range(4)))
        self.assert_close(fast.evaluate(finite(), verbose=0), model.evaluate(finite(), verbose=0))
        self.assert_close(fast.predict(finite(), verbose=0), model.predict(finite(), verbose=0))

    def test_py_datasets(self):
        x, y = data()

        class Batches(keras.utils.PyDataset):
            def __len__(self):
                return 4

            def __getitem__(self, i):
                return x[i * 20 : i * 20 + 20], y[i * 20 : i * 20 + 20], np.full(20, i + 0.5, np.float32)

        model = classifier()
        fast = self.compiled(model)
        expected = model.fit(Batches(), epochs=3, shuffle=False, verbose=0, validation_data=Batches())
        for workers in (1, 2):
            with self.subTest(workers=workers):
                fast = self.compiled(classifier())
                seen = fast.fit(Batches(workers=workers), epochs=3, shuffle=False, verbose=0, validation_data=Batches())
                self.assert_close(seen.history, expected.history)
                self.assertEqual(seen.params, expected.params)

    def test_lists_of_labels_in_every_form(self):
        x, y = data()
        model = classifier()
        fast = self.compiled(model)
        for labels in (y, y[:, None], y.astype(np.float32), y.astype(np.int8)):
            self.assert_close(fast.evaluate(x, labels, verbose=0), model.evaluate(x, labels, verbose=0))
        one_hot = classifier(loss="categorical_crossentropy")
        self.assert_same_training(
            one_hot, self.compiled(one_hot), x, keras.utils.to_categorical(y), epochs=2, class_weight={1: 3.0}
        )
