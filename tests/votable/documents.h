// SPDX-License-Identifier: MIT
//
// Documents to read: built by hand, or from random tables in each serialization. The binary encoder here is written
// from the standard and shares nothing with the reader.
#pragma once

#include "vo/votable/reader.h"

#include <random>
#include <string>
#include <vector>

namespace skymount::vo::test {

/// VOTABLE 1.4 around `body`.
std::string document(const std::string& body);
/// A results RESOURCE with one column `a`: `field` holds the rest of the FIELD from its attributes on, up to its end.
std::string one_column(const std::string& field, const std::string& rows);

Table read(const std::string& text);      ///< fails the test when it cannot be read
Error error_of(const std::string& text);  ///< fails the test when it can
std::string gzip(const std::string& text);
std::string base64(const std::string& bytes, std::mt19937* line_breaks = nullptr);

/// Where two tables first differ in their rows, in words; "" when they do not.
std::string first_difference(const Table& a, const Table& b);

/// Every datatype with every form of arraysize, in random order, with random values. `nulls_without_flags`: only nulls
/// that BINARY can express. `columns`: at most so many of them.
Table random_table(unsigned seed, std::size_t rows, bool nulls_without_flags, std::size_t columns = 1000);

std::string as_tabledata(const Table& table);
std::string as_binary(const Table& table, bool binary2, unsigned seed = 1);

}  // namespace skymount::vo::test
