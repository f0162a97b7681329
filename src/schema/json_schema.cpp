#include "base/text.hpp"
#include "schema/describe.hpp"
#include "schema/job.hpp"

#include <cmath>
#include <map>
#include <string_view>

namespace salus {
namespace {

constexpr std::string_view draft_uri = "https://json-schema.org/draft/2020-12/schema";

/// `"name": value` pairs in braces, indented by the depth of nesting.
class JsonObject {
public:
    JsonObject& raw(std::string_view name, std::string value) {
        members_.emplace_back(json_quote(name), std::move(value));
        return *this;
    }
    JsonObject& put(std::string_view name, std::string_view value) {
        return raw(name, json_quote(value));
    }
    std::string str() const {
        if (members_.empty()) return "{}";
        std::string out = "{";
        for (const auto& [name, value] : members_) {
            if (out.size() > 1) out += ",";
            out += text("\n  ", name, ": ", indented(value));
        }
        return out + "\n}";
    }

private:
    static std::string indented(const std::string& value) {
        std::string out;
        for (const char c : value) {
            out += c;
            if (c == '\n') out += "  ";
        }
        return out;
    }
    std::vector<std::pair<std::string, std::string>> members_;
};

void put_limits(JsonObject& schema, const ParamDoc& about) {
    if (std::isfinite(about.min)) schema.raw("minimum", number_text(about.min));
    if (std::isfinite(about.max)) schema.raw("maximum", number_text(about.max));
    if (!about.choices.empty()) schema.raw("enum", to_json(Value(about.choices)));
}

std::string item_type(const Value& like) {
    if (std::holds_alternative<bool>(like)) return "boolean";
    if (std::holds_alternative<std::int64_t>(like)) return "integer";
    if (std::holds_alternative<double>(like) || std::holds_alternative<std::vector<double>>(like))
        return "number";
    return "string";
}

std::string param_schema(const Param& param) {
    JsonObject schema;
    schema.put("description", text(param.about.doc, " (", note_of(param), ")"));
    const bool list = std::holds_alternative<std::vector<std::string>>(param.standard) ||
                      std::holds_alternative<std::vector<double>>(param.standard);
    if (list) {
        JsonObject items;
        items.put("type", item_type(param.standard));
        put_limits(items, param.about);
        schema.put("type", "array").raw("items", items.str());
    } else {
        schema.put("type", item_type(param.standard));
        put_limits(schema, param.about);
    }
    const auto* number = std::get_if<double>(&param.standard);
    if (!param.required && !(number && !std::isfinite(*number)))
        schema.raw("default", to_json(param.standard));
    return schema.str();
}

void put_params(JsonObject& properties, const std::vector<Param>& params) {
    for (const Param& param : params)
        properties.raw(param.name, param_schema(param));
}

std::string record_schema(const std::string& description, const std::vector<Param>& params) {
    JsonObject properties, schema;
    put_params(properties, params);
    return schema.put("description", description)
        .put("type", "object")
        .raw("additionalProperties", "false")
        .raw("properties", properties.str())
        .str();
}

/// The [[stage]] table of one stage, as the `then` of a condition on `use`.
std::string stage_use_schema(const Stage& stage) {
    JsonObject properties, schema;
    properties.raw("use", JsonObject()
                              .raw("const", json_quote(stage.name()))
                              .put("description", stage.summary())
                              .str());
    properties.raw("name", JsonObject().put("type", "string").put("pattern", "^[a-z0-9_]+$").str());
    std::vector<std::string> required{"use"};
    for (const Port& port : stage.inputs()) {
        properties.raw(port.name, JsonObject()
                                      .put("type", "string")
                                      .put("pattern", "^[a-z0-9_]+\\.[A-Za-z0-9_]+$")
                                      .put("description",
                                           text(port.doc, " Takes: ", doc_of(port.artifact), "."))
                                      .str());
        if (!port.optional) required.push_back(port.name);
    }
    put_params(properties, stage.params());
    return schema.put("description", stage.summary())
        .raw("required", to_json(Value(required)))
        .raw("additionalProperties", "false")
        .raw("properties", properties.str())
        .str();
}

std::string paths_schema() {
    return R"({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }] })";
}

} // namespace

std::string stage_json_schema(const Stage& stage) {
    JsonObject properties, schema;
    put_params(properties, stage.params());
    schema.put("$schema", draft_uri).put("title", text("Parameters of the stage ", stage.name()));
    schema.put("description", stage.summary()).put("type", "object");
    return schema.raw("additionalProperties", "false").raw("properties", properties.str()).str() +
           "\n";
}

std::string job_json_schema(const std::vector<Stage>& stages) {
    JsonObject properties, schema;
    put_params(properties, job_params());
    properties.raw(
        "inputs", JsonObject()
                      .put("description",
                           "Paths for every \"input.NAME\" of the pipeline, relative to this file.")
                      .put("type", "object")
                      .raw("additionalProperties", paths_schema())
                      .str());
    properties.raw("resources",
                   record_schema("What the job asks of the machine.", resource_params()));
    for (const Stage& stage : stages)
        properties.raw(stage.name(), record_schema(stage.summary(), stage.params()));
    std::vector<std::string> required;
    for (const Param& param : job_params())
        if (param.required) required.push_back(param.name);
    schema.put("$schema", draft_uri).put("title", "Salus job").put("type", "object");
    return schema.raw("required", to_json(Value(required)))
               .raw("properties", properties.str())
               .raw("additionalProperties", JsonObject().put("type", "object").str())
               .str() +
           "\n";
}

std::string params_json_schema(const std::string& title, const std::vector<Param>& params) {
    JsonObject properties, schema;
    put_params(properties, params);
    schema.put("$schema", draft_uri).put("title", title).put("type", "object");
    return schema.raw("additionalProperties", "false").raw("properties", properties.str()).str() +
           "\n";
}

std::string records_json_schema(const std::string& title, const std::vector<RecordList>& kinds) {
    JsonObject properties, schema;
    for (const RecordList& kind : kinds) {
        std::vector<std::string> required;
        for (const Param& param : *kind.params)
            if (param.required) required.push_back(param.name);
        JsonObject fields, item;
        put_params(fields, *kind.params);
        item.put("type", "object").raw("required", to_json(Value(required)));
        item.raw("additionalProperties", "false").raw("properties", fields.str());
        properties.raw(kind.key, JsonObject().put("type", "array").raw("items", item.str()).str());
    }
    schema.put("$schema", draft_uri).put("title", title).put("type", "object");
    return schema.raw("additionalProperties", "false").raw("properties", properties.str()).str() +
           "\n";
}

std::string pipeline_json_schema(const std::vector<Stage>& stages) {
    std::vector<std::string> names;
    std::string conditions = "[";
    for (const Stage& stage : stages) {
        names.push_back(stage.name());
        const std::string is_this =
            text("{ \"properties\": { \"use\": { \"const\": ", json_quote(stage.name()), " } } }");
        if (conditions.size() > 1) conditions += ",";
        conditions +=
            text("\n", JsonObject().raw("if", is_this).raw("then", stage_use_schema(stage)).str());
    }
    conditions += "\n]";
    JsonObject item, properties, schema;
    item.put("type", "object").raw("required", "[\"use\"]");
    item.raw("properties", JsonObject()
                               .raw("use", JsonObject()
                                               .put("description", "Name of the stage.")
                                               .raw("enum", to_json(Value(names)))
                                               .str())
                               .str());
    item.raw("allOf", conditions);
    properties.raw(
        "title",
        JsonObject().put("description", "Title of the pipeline.").put("type", "string").str());
    properties.raw(
        "stage",
        JsonObject().put("type", "array").raw("minItems", "1").raw("items", item.str()).str());
    schema.put("$schema", draft_uri).put("title", "Salus pipeline").put("type", "object");
    return schema.raw("required", "[\"stage\"]")
               .raw("additionalProperties", "false")
               .raw("properties", properties.str())
               .str() +
           "\n";
}

} // namespace salus
