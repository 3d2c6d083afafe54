suppressMessages(library(lavaan))

# People made without a generator, so that Python makes the same: fractions of large sines are
# as good as random, and causes lead to effects as the theory has it.
noise <- function(j, n) { v <- sin((1:n) * 12.9898 + j * 78.233) * 4375.8545; (v - floor(v)) * 3 }
made <- function(n) {
  e <- sapply(1:12, noise, n = n)
  rel <- e[, 1]; tec <- .4 * rel + e[, 2]
  cog <- .15 * rel + .5 * tec + e[, 3]; aff <- .5 * rel + .15 * tec + e[, 4]
  mot <- .3 * cog + .3 * aff + e[, 5]; cap <- .4 * cog + .1 * aff + e[, 6]; opp <- .2 * cog + .2 * aff + e[, 7]
  com <- .4 * mot + .2 * cap + .1 * opp + e[, 8]; res <- .2 * mot + .3 * cap + .2 * opp + e[, 9]
  data.frame(relational_often = rel, technical_often = tec, cognitive_trust = cog, affective_trust = aff,
             motivation = mot, capability = cap, opportunity = opp, commitment = com, resilience = res,
             acceptability = .4 * com + .2 * res + e[, 10], appropriateness = .3 * com + .3 * res + e[, 11],
             feasibility = .2 * com + .4 * res + e[, 12])
}

people <- made(240)
people$team <- rep(1:24, length.out = 240)
holes <- people
holes$motivation[seq(7, 240, 13)] <- NA; holes$relational_often[seq(5, 240, 17)] <- NA
run <- function(id, model, d, cluster = NULL) {
  syntax <- paste(readLines(file.path(here, "r", paste0("theory_of_change_", model, ".txt"))), collapse = "\n")
  fit <- sem(syntax, d, estimator = "MLR", missing = "fiml", cluster = cluster)
  est <- parameterEstimates(fit); std <- standardizedSolution(fit)
  keep <- est$label != ""
  table <- cbind(est = est$est, se = est$se, std = std$est.std, std_se = std$se)[keep, ]
  rownames(table) <- est$label[keep]
  m <- fitMeasures(fit)
  case(id, "Theory of change", sprintf("sem(str(theory), data, estimator = 'MLR', missing = 'fiml'%s)  # %s",
       if (is.null(cluster)) "" else ", cluster = 'team'", id),
       list(table = table, fit = m[c("chisq", "df", "chisq.scaled", "cfi", "srmr", "aic", "bic")]))
}
run("theory", "theory", people)
run("general", "general", people)
run("direct", "direct", people)
run("corrected", "corrected", people)
run("incomplete", "theory", holes)
run("clustered", "theory", people, "team")
