// A case against the interpreter, over odd sizes and options, at several batch sizes, with plain and tuned schedules,
// and with parallel tasks in both orders. A family's test file instantiates KernelTest with its cases, named by
// test_name: using that links the tests themselves, in kernel_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/codegen/kernel_case.h"

namespace kcc::testing {

// The cases, remembered for the test that has all of them in one C++ source.
std::vector<KernelCase> remembered(std::vector<KernelCase> cases);

class KernelTest : public ::testing::TestWithParam<KernelCase> {};

// For batched operands and results: a row is the same bits in batches of every size.
void check_rows_of_batches(const KernelCase& c);

std::string test_name(const ::testing::TestParamInfo<KernelCase>& info);

}  // namespace kcc::testing
