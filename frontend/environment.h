// Environment: what a model's options may refer to besides Keras's own names.
#pragma once

namespace kcc {

namespace python {
class Program;
}

struct Environment {
  const python::Program* functions = nullptr;  // of --define; null where none are given
};

}  // namespace kcc
