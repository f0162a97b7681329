#pragma once

#include "schema/stage.hpp"

#include <string>
#include <utility>

namespace salus::risk_models {

/// Inputs of the stages on risk models that hold people.
template <class P>
void reads_people(StageOf<P>& declared, std::string phenotypes, std::string scores) {
    declared
        .reads({.name = "phenotypes",
                .artifact = Artifact::phenotype_table,
                .doc = std::move(phenotypes)})
        .reads({.name = "scores",
                .artifact = Artifact::score_result,
                .doc = std::move(scores),
                .optional = true,
                .many = true})
        .reads({.name = "quality",
                .artifact = Artifact::quality_result,
                .doc = "samples that did not pass are left out",
                .optional = true});
}

/// Parameters that choose these people and weigh them.
template <class P>
void takes_people(StageOf<P>& declared) {
    declared
        .param(
            "where", &P::where,
            {.doc = "rules that everybody fulfils: \"age >= 40\", \"stroke = 0\", \"ldl known\""})
        .param("censoring_ties", &P::censoring_ties,
               {.doc = "events and censorings at one time in the weights for censoring: events "
                       "first (prodlim), or together (cmprsk)",
                .choices = {"prodlim", "cmprsk"}});
}

} // namespace salus::risk_models
