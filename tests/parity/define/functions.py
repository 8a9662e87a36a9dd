# The functions of the "define" suite: real Keras runs them with K (backend_functions.py), keras, ops, np and math in
# place, as the guides' code has them; kcc compiles this file with --define.

def antirectifier(x):
    x -= K.mean(x, axis=1, keepdims=True)
    x = K.l2_normalize(x, axis=1)
    pos = K.relu(x)
    neg = K.relu(-x)
    return K.concatenate([pos, neg], axis=1)


def antirectifier_output_shape(input_shape):
    shape = list(input_shape)
    assert len(shape) == 2  # only valid for 2D tensors
    shape[-1] *= 2
    return tuple(shape)


# ---- of vectors (B, 6)

def v_square(x):
    return x ** 2

def v_powers(x):
    return x ** 3 - 2 * (K.abs(x) + 1) ** -2 + (K.abs(x) + 1) ** 0.5 + 2.0 ** x

def v_floor_and_rest(x):
    return x * (x // 0.25) + x % 0.5

def v_slices(x):
    return K.concatenate([x[:, ::-2], x[:, 1:4] * x[:, -1:], x[..., 2][:, None]])

def v_standardize(x):
    return (x - K.mean(x, axis=-1, keepdims=True)) / (K.std(x, axis=-1, keepdims=True) + K.epsilon())

def v_extrema(x):
    return K.stack([K.max(x, axis=1), K.min(x, axis=1), K.sum(x, axis=1), K.prod(x, axis=1)], axis=1)

def v_softmaxes(x):
    return K.softmax(x * 3) + ops.log_softmax(x, axis=-1) + ops.softmax(x, axis=1)

def v_logsumexp(x):
    return x - ops.logsumexp(x, axis=-1, keepdims=True)

def v_activations(x):
    return (K.relu(x, alpha=0.1, max_value=0.5) + K.elu(x, 0.7) + K.hard_sigmoid(x) + K.softplus(x) + K.softsign(x)
            + ops.gelu(x) + ops.silu(x) + K.tanh(x) * K.sigmoid(x) + ops.leaky_relu(x) + keras.activations.selu(x))

def v_mathematics(x):
    a = K.abs(x) + 0.5
    return (K.log(a) + K.sqrt(a) + K.exp(-a) + ops.log1p(a) + ops.expm1(x) + K.sin(x) * K.cos(x) + ops.erf(x)
            + 1 / a + math.log(2 * np.pi))

def v_choices(x):
    return ops.where(x > 0.1, x * 2, -x) + K.switch(K.greater(K.sum(x, axis=1), 0), x, lambda_free(x))

def lambda_free(x):
    return 0.5 * x

def v_clips(x):
    return K.clip(x, -0.3, 0.4) + K.maximum(x, 0.2) - K.minimum(x, -0.1) + ops.sign(x) * x

def v_outer(x):
    return K.batch_flatten(x[:, :, None] * x[:, None, :])

def v_products(x):
    w = np.array([[1., 2.], [0.5, -1.], [0., 1.], [1., 0.], [-1., 1.], [2., 0.25]])
    return K.dot(x, K.constant(w))

def v_batch_dot(x):
    return K.batch_dot(x, K.square(x), axes=1)

def v_loop(x):
    total = 0
    for i in range(3):
        part = x[:, i:i + 4]
        if i % 2 == 0:
            total += part * (i + 1)
        else:
            total -= K.sqrt(K.abs(part) + 1)
    return total

def v_parts(x):
    a, b, c = ops.split(x, 3, axis=1)
    return K.concatenate([f(y) for f, y in zip((K.tanh, K.sigmoid, K.square), [a, b, c])], axis=-1)

def v_repeats(x):
    return K.concatenate([K.repeat_elements(x, 2, 1), K.tile(x, [1, 2]), K.batch_flatten(K.repeat(x, 2))])

def v_straight_through(x):
    return x + ops.stop_gradient(K.round(x) - x)

def v_one_hot(x):
    return x * K.one_hot(K.argmax(x), 6) + K.cast(x > 0, "float32") * x

def v_cumulative(x):
    return ops.cumsum(x, axis=1) * ops.arange(6, dtype="float32")

def v_normalized(x):
    return ops.normalize(x, axis=1) + ops.normalize(x, axis=1, order=1)

def v_pair(x):
    shape = K.int_shape(x)
    y = K.reshape(x, (-1, shape[1] // 2, 2))
    return K.sqrt(K.sum(K.square(y), axis=-1) + 1e-3)

def v_constant(x, scale, offsets=(0, 0, 0, 0, 0, 0), training=None):
    return x * scale + np.array(offsets)

# Depends on the other samples of its batch.
def whole_batch(x):
    return x - K.mean(x, axis=0) + K.sum(x) / K.cast(K.shape(x)[0], "float32") / 100


# ---- of sequences (B, 4, 6)

def s_attention(x):
    scores = K.softmax(K.batch_dot(x, x, axes=2) / math.sqrt(6))
    return K.batch_dot(scores, x, axes=(2, 1))

def s_einsum(x):
    return ops.einsum("btc,bsc->bts", x, x) @ x * 0.1

def s_transposed(x):
    return K.permute_dimensions(x, (0, 2, 1)) + ops.swapaxes(x[:, ::-1], 1, 2)

def s_last(x):
    return x[:, -1, :] + x[:, 0] * x[:, 1, ::-1]

def s_differences(x):
    return ops.pad(x[:, 1:] - x[:, :-1], ((0, 0), (1, 0), (0, 0)))

def s_moments(x):
    mean, variance = ops.moments(x, axes=[1])
    return K.concatenate([mean, variance, K.max(x, axis=1), ops.var(x, axis=(1,))])

def s_steps(x):
    return ops.stack([K.tanh(step) for step in ops.unstack(x, axis=1)], axis=2)


# ---- of several inputs

def two_inputs(inputs):
    a, b = inputs
    return a * K.sigmoid(b) + K.sum(a * b, axis=-1, keepdims=True)

def two_outputs(x):
    return [x[:, :2], K.exp(x[:, 2:])]


# ---- activations

def act_cube(x):
    return x ** 3 / (1 + K.abs(x))

scaled_tanh = lambda x: 1.7159 * K.tanh(2 * x / 3)

def act_scaled_tanh(x):
    return scaled_tanh(x)


# ---- losses

def loss_huber(y_true, y_pred, delta=0.5):
    error = K.abs(y_true - y_pred)
    return K.mean(ops.where(error <= delta, 0.5 * K.square(error), delta * (error - 0.5 * delta)), axis=-1)

def loss_elements(y_true, y_pred):
    return K.square(y_true - y_pred) * (1 + K.abs(y_true))

def loss_number(y_true, y_pred):
    return K.mean(K.square(y_pred - y_true)) + 0.1 * K.mean(K.abs(y_pred))

def loss_dice(y_true, y_pred):
    smooth = 1.
    intersection = K.sum(K.flatten(y_true) * K.flatten(y_pred))
    return 1 - (2. * intersection + smooth) / (K.sum(K.square(y_true)) + K.sum(K.square(y_pred)) + smooth)

def focal(gamma=2., alpha=0.25):
    def focal_loss(y_true, y_pred):
        y_pred = K.clip(y_pred, K.epsilon(), 1 - K.epsilon())
        cross_entropy = -y_true * K.log(y_pred)
        return K.sum(alpha * K.pow(1 - y_pred, gamma) * cross_entropy, axis=-1)
    return focal_loss

focal_loss = focal(gamma=2.)

def loss_sparse(y_true, y_pred):
    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred) + 0.01 * K.sum(K.square(y_pred), axis=-1)


# ---- metrics

def mean_pred(y_true, y_pred):
    return K.mean(y_pred)

def within(y_true, y_pred):
    return K.cast(K.abs(y_true - y_pred) < 0.5, "float32")

def worst(y_true, y_pred):
    return K.max(K.abs(y_true - y_pred), axis=-1)

def column_means(y_true, y_pred):
    return K.mean(y_pred, axis=0)
