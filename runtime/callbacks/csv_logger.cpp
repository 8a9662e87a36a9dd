// CSVLogger: writes a row an epoch (keras/src/callbacks/csv_logger.py). A run that goes on later cuts off the rows of
// epochs that it is going to repeat.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/callbacks/arguments.h"
#include "runtime/callbacks/record.h"
#include "runtime/csv_rows.h"
#include "runtime/format.h"
#include "runtime/training.h"

namespace kcc::runtime {
namespace {

class CsvLogger : public Callback {
 public:
  CsvLogger(std::string path, char separator, bool append)
      : path_(std::move(path)), separator_(separator), append_(append) {}

  ~CsvLogger() override {
    if (file_ >= 0) close(file_);
  }

  bool only_writes() const override { return true; }

  Status on_train_begin(Training& training) override {
    const bool fresh = !append_ && !training.resumed;
    file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (fresh ? O_TRUNC : 0), 0666);
    if (file_ < 0) return failed("open");
    struct stat info;
    if (fstat(file_, &info) != 0) return failed("open");
    if (!training.resumed) {
      size_ = info.st_size;
    } else if (info.st_size < size_) {
      training.warn(format("%s: the rows of earlier epochs are gone", path_.c_str()));
      size_ = info.st_size;
    }
    return ftruncate(file_, size_) == 0 ? Status() : failed("write");
  }

  Status on_epoch_end(Training&, int64_t epoch, Logs& logs) override {
    std::string text;
    if (!begun_) {
      begun_ = true;
      columns_ = logs;
      if (size_ == 0) text += CsvRows(columns_, separator_).header();
    }
    return write(text + CsvRows(columns_, separator_).row(epoch, logs));
  }

  void exchange(Record& record) override {
    std::vector<std::string> names;
    for (const auto& [name, value] : columns_) names.push_back(name);
    record.field("size", &size_);
    record.field("begun", &begun_);
    record.field("columns", &names);
    columns_.clear();
    for (const std::string& name : names) columns_.emplace_back(name, 0.0);
  }

 private:
  Error failed(const char* action) const {
    return make_error("CSVLogger: %s: cannot %s: %s", path_.c_str(), action, std::strerror(errno));
  }

  // Rows are whole or not there.
  Status write(const std::string& text) {
    size_t written = 0;
    while (written < text.size()) {
      const ssize_t bytes = pwrite(file_, text.data() + written, text.size() - written,
                                   static_cast<off_t>(size_) + static_cast<off_t>(written));
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes < 0) {
        const Error error = failed("write");
        if (ftruncate(file_, size_) != 0) return failed("write");
        return error;
      }
      written += static_cast<size_t>(bytes);
    }
    size_ += static_cast<int64_t>(written);
    return {};
  }

  std::string path_;
  char separator_;
  bool append_;
  int file_ = -1;
  int64_t size_ = 0;  // of what is written
  bool begun_ = false;
  Logs columns_;  // the first epoch's
};

}  // namespace

Result<std::unique_ptr<Callback>> make_csv_logger(const PythonCall& call) {
  std::string filename, separator = ",";
  bool append = false;
  Arguments arguments(call);
  arguments.require("filename", &filename).take("separator", &separator).take("append", &append);
  if (Status status = arguments.finish(); !status) return status.error();
  if (filename.empty()) return make_error("CSVLogger: filename is empty");
  if (separator.size() != 1) {
    return make_error("CSVLogger: separator: expected one character, received '%s'", separator.c_str());
  }
  return std::unique_ptr<Callback>(new CsvLogger(std::move(filename), separator[0], append));
}

}  // namespace kcc::runtime
