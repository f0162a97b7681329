#include "store/h5_dimension.hpp"
#include "store/h5_file.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/packed_tables.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace salus {
namespace {

ColumnData empty_column(ColumnType type) {
    switch (type) {
    case ColumnType::u8:
        return std::vector<std::uint8_t>{};
    case ColumnType::i32:
        return std::vector<std::int32_t>{};
    case ColumnType::u32:
        return std::vector<std::uint32_t>{};
    case ColumnType::i64:
        return std::vector<std::int64_t>{};
    case ColumnType::u64:
        return std::vector<std::uint64_t>{};
    case ColumnType::f32:
        return std::vector<float>{};
    case ColumnType::f64:
        return std::vector<double>{};
    case ColumnType::text:
        return std::vector<std::string>{};
    }
    return {};
}

std::size_t length(const ColumnData& column) {
    return std::visit([](const auto& values) { return values.size(); }, column);
}

ColumnType stored_type(const h5::DatasetId& dataset) {
    const h5::TypeId type(H5Dget_type(dataset.get()));
    const std::size_t size = H5Tget_size(type.get());
    switch (H5Tget_class(type.get())) {
    case H5T_STRING:
        return ColumnType::text;
    case H5T_FLOAT:
        return size == 4 ? ColumnType::f32 : ColumnType::f64;
    default:
        break;
    }
    if (H5Tget_sign(type.get()) == H5T_SGN_NONE)
        return size == 1 ? ColumnType::u8 : size == 4 ? ColumnType::u32 : ColumnType::u64;
    return size == 4 ? ColumnType::i32 : ColumnType::i64;
}

std::vector<char> to_fixed(std::span<const std::string> values, std::size_t width) {
    std::vector<char> bytes(values.size() * width, '\0');
    for (std::size_t i = 0; i < values.size(); ++i) {
        SALUS_ASSERT(values[i].size() <= width);
        std::memcpy(bytes.data() + i * width, values[i].data(), values[i].size());
    }
    return bytes;
}

std::string join_path(std::string_view group, std::string_view name) {
    return text(group, "/", name);
}

/// Takes the first `count` rows away.
void drop_rows(TableData& table, std::size_t count) {
    if (count == 0) return;
    for (ColumnData& column : table.columns())
        std::visit(
            [&](auto& values) {
                values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
            },
            column);
}

std::size_t longest(std::span<const std::string> values) {
    std::size_t width = 1;
    for (const std::string& value : values)
        width = std::max(width, value.size());
    return width;
}

} // namespace

TableData::TableData(TableSpec spec) : spec_(std::move(spec)) {
    columns_.reserve(spec_.columns.size());
    for (const ColumnSpec& column : spec_.columns)
        columns_.push_back(empty_column(column.type));
}

std::size_t TableData::index(std::string_view name) const {
    for (std::size_t i = 0; i < spec_.columns.size(); ++i)
        if (spec_.columns[i].name == name) return i;
    throw InternalError({.what = text("table ", spec_.name, " has no column ", name)});
}

bool TableData::has(std::string_view name) const noexcept {
    return std::any_of(spec_.columns.begin(), spec_.columns.end(),
                       [&](const ColumnSpec& c) { return c.name == name; });
}

std::size_t TableData::rows() const {
    const std::size_t first = columns_.empty() ? 0 : length(columns_.front());
    for (std::size_t i = 0; i < columns_.size(); ++i)
        if (length(columns_[i]) != first)
            throw InternalError(
                {.what = text("columns of table ", spec_.name,
                              " differ in length: ", spec_.columns.front().name, " has ", first,
                              ", ", spec_.columns[i].name, " has ", length(columns_[i]))});
    return first;
}

struct H5File::TableWriter::State {
    const H5File::State* file = nullptr;
    TableSpec spec;
    std::uint64_t rows = 0, written = 0;
    std::vector<h5::DatasetId> datasets;
    std::vector<std::size_t> widths;
    TableData pending{TableSpec{}};

    void write_column(std::size_t c, const ColumnData& from, std::size_t count) const;
    std::size_t write_whole_chunks(const TableData& from);
    void flush(bool all);
    bool at_chunk_border(std::uint64_t more) const;
    void copy_column(std::size_t c, const H5File& part, std::uint64_t count) const;
    void append_encoded(const H5File& part, const std::string& name);
};

/// Writes the first `count` values of a column.
void H5File::TableWriter::State::write_column(std::size_t c, const ColumnData& from,
                                              std::size_t count) const {
    std::visit(
        [&](const auto& values) {
            using T = typename std::decay_t<decltype(values)>::value_type;
            if constexpr (std::is_same_v<T, std::string>) {
                const std::vector<char> bytes = to_fixed(std::span(values).first(count), widths[c]);
                file->write_rows(datasets[c], spec.columns[c].name, written,
                                 std::as_bytes(std::span(bytes)));
            } else {
                file->write_rows(datasets[c], spec.columns[c].name, written,
                                 std::as_bytes(std::span(values).first(count)));
            }
        },
        from);
}

/// Writes as many rows as make whole chunks, if rows may begin one; returns their number.
std::size_t H5File::TableWriter::State::write_whole_chunks(const TableData& from) {
    const std::size_t count = from.rows() / h5::chunk_rows * h5::chunk_rows;
    if (count == 0) return 0;
    SALUS_ASSERT(written + count <= rows);
    for (std::size_t c = 0; c < datasets.size(); ++c)
        write_column(c, from.columns()[c], count);
    written += count;
    return count;
}

void H5File::TableWriter::State::flush(bool all) {
    std::size_t done = write_whole_chunks(pending);
    if (const std::size_t have = pending.rows(); all && have > done) {
        // What is left is the end of the table: less than a chunk.
        SALUS_ASSERT(written + have - done <= rows);
        drop_rows(pending, done);
        for (std::size_t c = 0; c < datasets.size(); ++c)
            write_column(c, pending.columns()[c], have - done);
        written += have - done;
        done = have - done;
    }
    drop_rows(pending, done);
}

H5File::TableWriter::TableWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
H5File::TableWriter::TableWriter(TableWriter&&) noexcept = default;
H5File::TableWriter::~TableWriter() = default;

void H5File::TableWriter::append(const TableData& rows) {
    SALUS_ASSERT(rows.columns().size() == state_->datasets.size());
    const std::size_t done = state_->pending.rows() == 0 ? state_->write_whole_chunks(rows) : 0;
    if (done == rows.rows()) return;
    for (std::size_t c = 0; c < rows.columns().size(); ++c)
        std::visit(
            [&](auto& pending) {
                using Column = std::decay_t<decltype(pending)>;
                const Column& more = std::get<Column>(rows.columns()[c]);
                pending.insert(pending.end(), more.begin() + static_cast<std::ptrdiff_t>(done),
                               more.end());
            },
            state_->pending.columns()[c]);
    state_->flush(false);
}

bool H5File::TableWriter::State::at_chunk_border(std::uint64_t more) const {
    return pending.rows() == 0 && more > 0 && more % h5::chunk_rows == 0 &&
           written % h5::chunk_rows == 0;
}

// One chunk of every column, in the form that ChunkCodec gave it.
void H5File::TableWriter::State::append_encoded(const H5File& part, const std::string& name) {
    const auto sizes = part.read_array<std::uint64_t>(encoded_sizes(name));
    const auto columns = part.read_array<std::uint8_t>(encoded_chunks(name));
    SALUS_ASSERT(sizes.size() == datasets.size() && pending.rows() == 0 &&
                 written % h5::chunk_rows == 0 && written < rows);
    const hsize_t target = written;
    std::size_t at = 0;
    for (std::size_t c = 0; c < sizes.size(); ++c) {
        SALUS_ASSERT(sizes[c] <= columns.size() - at);
        file->require(H5Dwrite_chunk(datasets[c].get(), H5P_DEFAULT, 0, &target, sizes[c],
                                     columns.data() + at) >= 0,
                      "write a chunk");
        at += sizes[c];
    }
    written = std::min<std::uint64_t>(rows, written + h5::chunk_rows);
}

void H5File::TableWriter::append(const H5File& part) {
    const std::string& table = state_->spec.name;
    if (part.exists(encoded_sizes(table))) return state_->append_encoded(part, table);
    const std::uint64_t count = part.rows(table);
    if (!state_->at_chunk_border(count)) {
        std::vector<std::string> names;
        for (const ColumnSpec& column : state_->spec.columns)
            names.push_back(column.name);
        append(part.read(table, names));
        return;
    }
    SALUS_ASSERT(state_->written + count <= state_->rows);
    for (std::size_t c = 0; c < state_->datasets.size(); ++c)
        state_->copy_column(c, part, count);
    state_->written += count;
}

void H5File::TableWriter::close() {
    state_->flush(true);
    SALUS_ASSERT(state_->written == state_->rows);
    for (h5::DatasetId& dataset : state_->datasets)
        state_->file->require(dataset.close(), "close a column");
}

namespace {

/// True if both store the same type in chunks of the same shape, so that stored chunks can be
/// exchanged.
bool same_storage(const h5::DatasetId& a, const h5::DatasetId& b) {
    const h5::TypeId type_a(H5Dget_type(a.get())), type_b(H5Dget_type(b.get()));
    const h5::PropertyId plan_a(H5Dget_create_plist(a.get())), plan_b(H5Dget_create_plist(b.get()));
    hsize_t chunk_a = 0, chunk_b = 0;
    return H5Tequal(type_a.get(), type_b.get()) > 0 && H5Pget_layout(plan_a.get()) == H5D_CHUNKED &&
           H5Pget_layout(plan_b.get()) == H5D_CHUNKED &&
           H5Pget_chunk(plan_a.get(), 1, &chunk_a) == 1 &&
           H5Pget_chunk(plan_b.get(), 1, &chunk_b) == 1 && chunk_a == chunk_b;
}

} // namespace

void H5File::TableWriter::State::copy_column(std::size_t c, const H5File& part,
                                             std::uint64_t count) const {
    const ColumnSpec& column = spec.columns[c];
    const h5::DatasetId from = part.state_->open_dataset(join_path(spec.name, column.name));
    const h5::DatasetId& to = datasets[c];
    if (!same_storage(from, to)) { // a text column of another width
        State decoded;
        decoded.file = file;
        decoded.spec.columns = {column};
        decoded.written = written;
        decoded.widths = {widths[c]};
        decoded.datasets.emplace_back(to.get());
        H5Iinc_ref(to.get());
        decoded.write_column(0, part.read(spec.name, {column.name}).columns()[0], count);
        return;
    }
    std::vector<std::byte> bytes;
    for (hsize_t row = 0; row < count; row += h5::chunk_rows) {
        hsize_t size = 0;
        std::uint32_t filters = 0;
        part.state_->require(H5Dget_chunk_storage_size(from.get(), &row, &size) >= 0,
                             "find a chunk");
        bytes.resize(size);
        part.state_->require(H5Dread_chunk(from.get(), H5P_DEFAULT, &row, &filters, bytes.data()) >=
                                 0,
                             "read a chunk");
        const hsize_t target = written + row;
        file->require(H5Dwrite_chunk(to.get(), H5P_DEFAULT, filters, &target, size, bytes.data()) >=
                          0,
                      "write a chunk");
    }
}

H5File::TableWriter H5File::begin_table(const TableSpec& spec, std::uint64_t rows,
                                        const std::map<std::string, std::size_t>& text_widths) {
    auto state = std::make_unique<TableWriter::State>();
    state->file = state_.get();
    state->spec = spec;
    state->rows = rows;
    state->pending = TableData(spec);
    const h5::DatasetId scale = h5::make_dimension(*state_, join_path(spec.name, spec.row), rows);
    std::vector<std::string> names;
    for (const ColumnSpec& column : spec.columns) {
        SALUS_ASSERT(column.name != spec.row);
        const auto found = text_widths.find(column.name);
        const std::size_t width =
            std::max<std::size_t>(found == text_widths.end() ? 1 : found->second, 1);
        const h5::TypeId fixed = h5::text_type(width);
        const hid_t type = std::visit(
            [&](const auto& values) {
                using T = typename std::decay_t<decltype(values)>::value_type;
                if constexpr (std::is_same_v<T, std::string>)
                    return fixed.get();
                else
                    return h5::native_type<T>();
            },
            empty_column(column.type));
        const hsize_t shape[] = {rows};
        const std::string path = join_path(spec.name, column.name);
        state->datasets.push_back(state_->create_dataset(path, type, shape, Compression::deflate));
        state->widths.push_back(width);
        if (!column.unit.empty()) attribute(path, "units", column.unit);
        attribute(path, "long_name", column.doc);
        names.push_back(column.name);
    }
    h5::attach_dimension(*state_, scale, state->datasets);
    attribute(spec.name, "columns", join(names, ","));
    attribute(spec.name, "row", spec.row);
    attribute(spec.name, "long_name", spec.doc);
    attribute(spec.name, "schema_version", std::int64_t{1});
    return TableWriter(std::move(state));
}

void H5File::write(const TableData& table) {
    std::map<std::string, std::size_t> widths;
    for (std::size_t c = 0; c < table.columns().size(); ++c)
        if (const auto* values = std::get_if<std::vector<std::string>>(&table.columns()[c]))
            widths[table.spec().columns[c].name] = longest(*values);
    TableWriter writer = begin_table(table.spec(), table.rows(), widths);
    writer.append(table);
    writer.close();
}

bool H5File::is_table(std::string_view group) const {
    return is_group(group) && text_attribute(group, "columns").has_value();
}

TableSpec H5File::table_spec(std::string_view table) const {
    if (const TableSpec* known = state_->known_spec(table)) return *known;
    if (!exists(table) || !is_table(table)) {
        const std::vector<std::string> known = tables();
        const auto near = nearest(table, known);
        throw DataError({.what = text("there is no table ", table, " in the file"),
                         .where = state_->path.string(),
                         .why = text("it has: ", join(known, ", ")),
                         .help = near ? text("did you mean ", *near, "?")
                                      : "check that this is the right kind of file"});
    }
    TableSpec spec{.name = std::string(table),
                   .row = text_attribute(table, "row").value_or("row"),
                   .doc = text_attribute(table, "long_name").value_or(""),
                   .columns = {}};
    const std::string names = *text_attribute(table, "columns");
    for (const std::string_view name : split(names, ',')) {
        if (name.empty()) continue;
        const std::string path = join_path(table, name);
        spec.columns.push_back({.name = std::string(name),
                                .type = stored_type(state_->open_dataset(path)),
                                .unit = text_attribute(path, "units").value_or(""),
                                .doc = text_attribute(path, "long_name").value_or("")});
    }
    state_->remember_spec(table, spec);
    return spec;
}

std::uint64_t H5File::rows(std::string_view table) const {
    const TableSpec spec = table_spec(table);
    return spec.columns.empty() ? 0 : shape(join_path(table, spec.columns.front().name))[0];
}

std::size_t H5File::text_width(std::string_view table, std::string_view column) const {
    const h5::DatasetId dataset = state_->open_dataset(join_path(table, column));
    const h5::TypeId type(H5Dget_type(dataset.get()));
    return H5Tget_size(type.get());
}

namespace {

std::vector<std::string> read_text(const H5File::State& file, std::string_view path,
                                   std::uint64_t begin, std::uint64_t count) {
    const auto& from = file.dataset(path);
    const std::size_t width = from.layout.element;
    const h5::TypeId type(H5Dget_type(from.id.get()));
    file.require(from.layout.type == H5T_STRING && H5Tis_variable_str(type.get()) <= 0,
                 text("read text column ", path));
    std::vector<char> bytes(count * width);
    if (count > 0) file.read_rows(path, begin, std::as_writable_bytes(std::span(bytes)));
    std::vector<std::string> values(count);
    for (std::uint64_t i = 0; i < count; ++i)
        values[i].assign(bytes.data() + i * width, strnlen(bytes.data() + i * width, width));
    return values;
}

} // namespace

TableData H5File::read_rows(std::string_view table, std::uint64_t begin, std::uint64_t count,
                            const std::vector<std::string>& columns) const {
    TableSpec spec = table_spec(table);
    if (!columns.empty()) {
        std::vector<ColumnSpec> chosen;
        for (const std::string& name : columns) {
            const auto found = std::find_if(spec.columns.begin(), spec.columns.end(),
                                            [&](const auto& c) { return c.name == name; });
            if (found == spec.columns.end())
                throw DataError({.what = text("table ", table, " has no column ", name),
                                 .where = state_->path.string(),
                                 .why = text("its columns are: ",
                                             text_attribute(table, "columns").value_or("")),
                                 .help = "use a file of the right kind and version"});
            chosen.push_back(*found);
        }
        spec.columns = std::move(chosen);
    }
    TableData data(spec);
    for (std::size_t c = 0; c < spec.columns.size(); ++c) {
        const std::string path = join_path(table, spec.columns[c].name);
        std::visit(
            [&](auto& values) {
                using T = typename std::decay_t<decltype(values)>::value_type;
                if constexpr (std::is_same_v<T, std::string>)
                    values = read_text(*state_, path, begin, count);
                else
                    values = this->read_rows<T>(path, begin, count);
            },
            data.columns()[c]);
    }
    return data;
}

TableData H5File::read(std::string_view table, const std::vector<std::string>& columns) const {
    return read_rows(table, 0, rows(table), columns);
}

std::vector<std::string> H5File::tables() const {
    std::vector<std::string> found;
    const auto visit = [&](const auto& self, const std::string& group) -> void {
        for (const std::string& member : members(group.empty() ? "/" : group)) {
            const std::string path = group.empty() ? member : join_path(group, member);
            if (!is_group(path)) continue;
            if (is_table(path))
                found.push_back(path);
            else
                self(self, path);
        }
    };
    visit(visit, "");
    return found;
}

} // namespace salus
