"""Import before Keras where its backend is not TensorFlow: Keras imports TensorFlow wherever it is installed, and its
time and memory are not the other framework's.
"""
import sys

sys.modules["tensorflow"] = None
