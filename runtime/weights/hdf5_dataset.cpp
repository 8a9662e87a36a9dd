#include "runtime/weights/hdf5_dataset.h"

#include "runtime/weights/hdf5_groups.h"

namespace kcc::runtime {

Result<Hdf5Dataset> read_hdf5_dataset(const Hdf5Image& image, const std::string& path, uint64_t address,
                                      const std::vector<Hdf5Message>& messages) {
  const Hdf5Message* type = find_message(messages, Hdf5MessageType::kType);
  const Hdf5Message* space = find_message(messages, Hdf5MessageType::kSpace);
  const Hdf5Message* layout = find_message(messages, Hdf5MessageType::kLayout);
  if (!type || !space || !layout) return image.damaged("dataset", address);
  if (find_message(messages, Hdf5MessageType::kExternalFiles)) return image.unsupported(path, "values in another file");
  if (type->shared || space->shared) return image.unsupported(path, "a shared datatype");
  Hdf5Dataset dataset;
  Hdf5Cursor type_body = type->body;
  dataset.type = parse_hdf5_type(type_body);
  const auto shape = parse_hdf5_space(space->body);
  if (type_body.failed() || !shape) return image.damaged("dataset", address);
  dataset.shape = *shape;
  dataset.filters = find_message(messages, Hdf5MessageType::kFilters) != nullptr;
  dataset.layout = layout->body;
  dataset.layout_version = dataset.layout.u8();
  const uint64_t kind = dataset.layout.u8();
  if (dataset.layout_version < 3 || dataset.layout_version > 5) {
    return image.unsupported(path, "a dataset of HDF5 layout version " + std::to_string(dataset.layout_version));
  }
  if (kind == 3) return image.unsupported(path, "a virtual dataset");
  if (dataset.layout.failed() || kind > 3) return image.damaged("dataset layout", address);
  dataset.storage = static_cast<Hdf5Dataset::Storage>(kind);
  return dataset;
}

Result<Hdf5Cursor> find_hdf5_values(const Hdf5Image& image, const std::string& path, uint64_t address,
                                    const Hdf5Dataset& dataset, int64_t bytes) {
  const uint64_t wanted = static_cast<uint64_t>(bytes);
  Hdf5Cursor layout = dataset.layout;
  uint64_t stored = 0;
  Hdf5Cursor values;
  if (dataset.storage == Hdf5Dataset::Storage::kCompact) {
    stored = layout.u16();
    values = layout;
  } else {
    const uint64_t place = layout.u64();
    stored = layout.u64();
    if (place == kHdf5Undefined && wanted > 0) return image.unsupported(path, "a dataset without values");
    values = place == kHdf5Undefined ? Hdf5Cursor() : image.at(place);
  }
  const Hdf5Cursor begin = values;
  values.skip(wanted);
  if (layout.failed() || values.failed() || stored != wanted) return image.damaged("dataset layout", address);
  return begin;
}

}  // namespace kcc::runtime
