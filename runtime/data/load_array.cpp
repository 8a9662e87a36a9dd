#include "runtime/data/load_array.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "runtime/data/csv.h"
#include "runtime/data/hdf5.h"
#include "runtime/data/idx.h"
#include "runtime/data/npy.h"
#include "runtime/data/npz.h"
#include "runtime/files/mapped_file.h"
#include "runtime/files/zip_reader.h"

namespace kcc::runtime {
namespace {

constexpr const char* kSupported = "expected FILE.npy, FILE.npz:MEMBER, FILE.csv, FILE.h5:/DATASET or an IDX file";

struct Member {
  std::string file, name;
};

// "FILE.ext:MEMBER" taken apart, or "FILE.ext" with "" for a member. The last such colon: folders may have any name.
std::optional<Member> split_member(const std::string& spec, const std::string& extension) {
  const size_t at = spec.rfind(extension + ":");
  if (at == std::string::npos) return spec.ends_with(extension) ? std::optional(Member{spec, ""}) : std::nullopt;
  const size_t colon = at + extension.size();
  return Member{spec.substr(0, colon), spec.substr(colon + 1)};
}

Result<CsvTable> read_csv(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return file.error();
  const char* text = reinterpret_cast<const char*>((*file)->data());
  return parse_csv(path, std::string_view(text, static_cast<size_t>((*file)->size())));
}

// Columns first .. last of a table, but one; without: -1.
Result<Array> take_columns(const std::string& path, const CsvTable& table, int64_t first, int64_t last,
                           int64_t without) {
  const int64_t rows = static_cast<int64_t>(table.values.size()) / table.columns;
  const bool leaves_out = without >= first && without < last;
  Result<OwnedArray> array = make_array(path, DType::kF64, {rows, last - first - leaves_out});
  if (!array) return array.error();
  std::byte* out = array->data;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = first; column < last; ++column) {
      if (column == without) continue;
      std::memcpy(out, &table.values[static_cast<size_t>(row * table.columns + column)], sizeof(double));
      out += sizeof(double);
    }
  }
  return array->array;
}

Result<Array> load_csv(const std::string& path) {
  Result<CsvTable> table = read_csv(path);
  if (!table) return table.error();
  return take_columns(path, *table, 0, table->columns, -1);
}

// np.load shows a whole archive; here a member must be chosen unless there is only one.
Result<Array> load_only_member(const std::string& path) {
  Result<ZipReader> zip = ZipReader::open(path);
  if (!zip) return zip.error();
  const std::vector<std::string>& members = zip->members();
  if (members.size() == 1) return read_npz(path, members[0]);
  std::string names;
  for (size_t i = 0; i < members.size() && i < 20; ++i) names += (i ? ", '" : "'") + members[i] + "'";
  return make_error("%s: %zu arrays, choose one as in %s:MEMBER: %s", path.c_str(), members.size(), path.c_str(),
                    names.c_str());
}

}  // namespace

Result<Array> load_array(const std::string& spec) {
  // Members first: theirs may end in .npy.
  if (const auto member = split_member(spec, ".npz"))
    return member->name.empty() ? load_only_member(member->file) : read_npz(member->file, member->name);
  for (const char* extension : {".h5", ".hdf5"}) {
    if (const auto member = split_member(spec, extension)) return read_hdf5_data(member->file, member->name);
  }
  if (spec.ends_with(".npy")) return read_npy(spec);
  if (spec.ends_with(".csv")) return load_csv(spec);
  if (looks_like_idx(spec)) return read_idx(spec);
  if (access(spec.c_str(), F_OK) != 0) return make_error("%s: cannot be read: %s", spec.c_str(), std::strerror(errno));
  return make_error("%s: this kind of data file is not supported, %s", spec.c_str(), kSupported);
}

Result<LabelledArrays> load_labelled_csv(const std::string& path, const std::string& label) {
  if (!path.ends_with(".csv")) return make_error("%s: --csv-label needs a .csv file", path.c_str());
  Result<CsvTable> table = read_csv(path);
  if (!table) return table.error();
  Result<int64_t> column = find_csv_column(path, *table, label);
  if (!column) return column.error();
  if (table->columns < 2) return make_error("%s: one column cannot be both inputs and labels", path.c_str());
  Result<Array> x = take_columns(path, *table, 0, table->columns, *column);
  if (!x) return x.error();
  Result<Array> y = take_columns(path, *table, *column, *column + 1, -1);
  if (!y) return y.error();
  return LabelledArrays{std::move(*x), std::move(*y)};
}

}  // namespace kcc::runtime
