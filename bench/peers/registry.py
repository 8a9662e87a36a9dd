"""The peers: for each kind of measurement a key, the heading of its column and how its worker is started.

In commands {folder} is the case's folder, {rows} the samples of a prediction and {threads} the number of threads.
"""
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    title: str
    command: tuple
    form: str = ""      # the file that has to be made of the model first
    usual: bool = True  # asked unless --peers says otherwise
    ours: bool = False


def python(*words):
    return (sys.executable, *words)


PEERS = {
    "train": {
        "kcc": Peer("kcc", python("kcc_worker.py", "{folder}", "{folder}/trainer"), ours=True),
        "tf": Peer("Keras fit, TensorFlow", python("keras_worker.py", "{folder}", "tensorflow")),
        "tf-jit": Peer("Keras fit, TensorFlow XLA", python("keras_worker.py", "{folder}", "tensorflow", "jit")),
        "keras-jax": Peer("Keras fit, JAX", python("keras_worker.py", "{folder}", "jax"), usual=False),
        "keras-torch": Peer("Keras fit, PyTorch", python("keras_worker.py", "{folder}", "torch"), usual=False),
        "jax": Peer("JAX, jitted step", python("jax_worker.py", "{folder}")),
        "torch": Peer("PyTorch eager", python("torch_worker.py", "{folder}", "eager")),
        "torch-compile": Peer("torch.compile", python("torch_worker.py", "{folder}", "compile")),
    },
    "predict": {
        "kcc": Peer("kcc, from Python", python("kcc_predict_worker.py", "{folder}", "{folder}/net.so"), ours=True),
        "kcc-c": Peer("kcc, from C", ("{folder}/kcc_predict", "{rows}", "{threads}", "{x}"), ours=True),
        "onnx": Peer("ONNX Runtime", python("onnx_worker.py", "{folder}"), form="onnx"),
        "openvino": Peer("OpenVINO", python("openvino_worker.py", "{folder}"), form="onnx"),
        "litert": Peer("LiteRT", python("litert_worker.py", "{folder}"), form="litert"),
        "jax": Peer("JAX jitted", python("predict_worker.py", "{folder}", "jax"), usual=False),
        "torch": Peer("PyTorch eager", python("predict_worker.py", "{folder}", "torch"), usual=False),
    },
}
OURS = {key for peers in PEERS.values() for key, peer in peers.items() if peer.ours}
TITLES = {kind: {key: peer.title for key, peer in peers.items()} for kind, peers in PEERS.items()}


def command_of(peer, case, folder, threads):
    """The words of the peer's command for a case."""
    words = []
    for word in peer.command:
        if word == "{x}":
            words += [str(folder / f"x-{index}.npy") for index in range(case["count"]["x"])]
        else:
            words.append(word.format(folder=folder, rows=case["rows"], threads=threads))
    return words
