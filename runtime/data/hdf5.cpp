#include "runtime/data/hdf5.h"

#include "runtime/data/file_rows.h"
#include "runtime/data/hdf5_chunks.h"
#include "runtime/data/rows.h"
#include "runtime/weights/hdf5_dataset.h"
#include "runtime/weights/hdf5_groups.h"

namespace kcc::runtime {
namespace {

struct Place {
  std::string path;  // without the leading slash
  uint64_t address;
  std::vector<Hdf5Message> messages;
};

std::string names_of(const std::vector<Hdf5Link>& links) {
  std::string names;
  for (size_t i = 0; i < links.size() && i < 20; ++i) names += (i ? ", '" : "'") + std::string(links[i].name) + "'";
  return links.size() > 20 ? names + ", ..." : names;
}

class DataReader {
 public:
  explicit DataReader(std::shared_ptr<const MappedFile> file)
      : file_(std::move(file)),
        image_(file_->path(), file_->data(), file_->size(),
               "which is not supported; write the dataset again with h5py.File(name, 'w') and its defaults") {}

  Result<Array> read(const std::string& wanted) {
    Result<uint64_t> root = read_hdf5_superblock(image_);
    if (!root) return root.error();
    Result<Place> place = open("", *root);
    for (size_t at = wanted.find_first_not_of('/'); place && at < wanted.size();) {
      const size_t end = std::min(wanted.find('/', at), wanted.size());
      place = enter(*place, wanted.substr(at, end - at));
      at = wanted.find_first_not_of('/', end);
    }
    if (place && wanted.find_first_not_of('/') == std::string::npos) place = only_one(*place);
    if (!place) return place.error();
    if (is_group(*place)) return choose(*place);
    return read_values(*place);
  }

 private:
  Result<Place> open(std::string path, uint64_t address) {
    Result<std::vector<Hdf5Message>> messages = read_hdf5_header(image_, address);
    if (!messages) return messages.error();
    return Place{std::move(path), address, std::move(*messages)};
  }

  static bool is_group(const Place& place) { return !find_message(place.messages, Hdf5MessageType::kLayout); }

  Result<Place> enter(const Place& group, const std::string& name) {
    if (!is_group(group))
      return make_error("%s: '/%s' is a dataset, not a group", image_.source().c_str(), group.path.c_str());
    Result<std::vector<Hdf5Link>> links = read_hdf5_group(image_, group.path, group.address, group.messages);
    if (!links) return links.error();
    for (const Hdf5Link& link : *links) {
      if (link.name == name) return open(group.path.empty() ? name : group.path + "/" + name, link.object);
    }
    return make_error("%s: group '/%s' has no '%s', it has %s", image_.source().c_str(), group.path.c_str(),
                      name.c_str(), links->empty() ? "nothing" : names_of(*links).c_str());
  }

  Result<Place> only_one(const Place& root) {
    Result<std::vector<Hdf5Link>> links = read_hdf5_group(image_, root.path, root.address, root.messages);
    if (!links) return links.error();
    if (links->size() != 1) return choose(root);
    return open(std::string(links->front().name), links->front().object);
  }

  Error choose(const Place& group) {
    Result<std::vector<Hdf5Link>> links = read_hdf5_group(image_, group.path, group.address, group.messages);
    if (!links) return links.error();
    const char* file = image_.source().c_str();
    return make_error("%s: '/%s' is a group, choose a dataset in it as in %s:/%sNAME: it has %s", file,
                      group.path.c_str(), file, group.path.empty() ? "" : (group.path + "/").c_str(),
                      links->empty() ? "nothing" : names_of(*links).c_str());
  }

  Result<Array> read_values(const Place& place) {
    Result<Hdf5Dataset> dataset = read_hdf5_dataset(image_, place.path, place.address, place.messages);
    if (!dataset) return dataset.error();
    const Hdf5Type& type = dataset->type;
    if (type.kind != Hdf5Type::kNumber) {
      return make_error("%s: '/%s' holds %s, expected numbers", image_.source().c_str(), place.path.c_str(),
                        type.seen.empty() ? "text or raw bytes" : type.seen.c_str());
    }
    const std::string source = image_.source() + ":/" + place.path;
    Result<int64_t> elements = checked_elements(source, dataset->shape, type.number);
    if (!elements) return elements.error();
    Array array{type.number, dataset->shape, nullptr, nullptr};
    if (dataset->storage == Hdf5Dataset::Storage::kChunks)
      return read_chunks(place, *dataset, std::move(array), source);
    Result<Hdf5Cursor> values = find_hdf5_values(image_, place.path, place.address, *dataset, array.bytes());
    if (!values) return values.error();
    if (array.bytes() == 0) return make_array_of_nothing(source, std::move(array));
    return array_in_file(file_, values->data() - file_->data(), {array.type, false, false, array.shape});
  }

  Result<Array> read_chunks(const Place& place, const Hdf5Dataset& dataset, Array array, const std::string& source) {
    if (array.bytes() == 0) return make_array_of_nothing(source, std::move(array));
    Result<std::shared_ptr<RowSource>> chunks =
        open_hdf5_chunks(image_, place.path, place.address, place.messages, dataset);
    if (!chunks) return chunks.error();
    array.source = std::move(*chunks);
    return array.bytes() <= kLargestInMemory ? read_array(source, array) : array;
  }

  static Result<Array> make_array_of_nothing(const std::string& source, Array array) {
    Result<OwnedArray> empty = make_array(source, array.type, array.shape);
    if (!empty) return empty.error();
    return empty->array;
  }

  std::shared_ptr<const MappedFile> file_;
  Hdf5Image image_;
};

}  // namespace

Result<Array> read_hdf5_data(const std::string& path, const std::string& dataset) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  return DataReader(std::move(*file)).read(dataset);
}

}  // namespace kcc::runtime
