suppressMessages(library(lavaan))

# The theory and its rivals, written here from what the documentation says of them: every part of
# a stage acts on every part of the next, residuals within a stage covary, chains and sums.
codes <- c(relational = "rel", technical = "tec", cognitive_trust = "cog", affective_trust = "aff",
           general_trust = "tru", psychological_safety = "saf", motivation = "mot", capability = "cap",
           opportunity = "opp", commitment = "com", resilience = "res", team_safety = "tsa",
           acceptability = "acc", appropriateness = "app", feasibility = "fea")
code <- function(x) ifelse(x %in% names(codes), codes[x], x)
written <- function(kind, outcomes, rivals = "", items = NULL, variable = identity) {
  pairs <- function(x) if (length(x) > 1) apply(combn(variable(x), 2), 2, paste, collapse = " ~~ ")
  term <- function(cause, effect) paste0(code(cause), "_", code(effect), "*", variable(cause))
  from <- function(effects, causes, more = function(e) NULL)
    sapply(effects, function(e) paste(variable(e), "~", paste(c(term(causes, e), more(e)), collapse = " + ")))
  strategies <- c("relational", "technical")
  trusts <- if (kind == "general") "general_trust" else c("cognitive_trust", "affective_trust")
  beside <- if ("safety" %in% rivals) "psychological_safety"
  ways <- c(trusts, if (kind == "safety") beside)
  links <- c("motivation", "capability", "opportunity")
  response <- c("commitment", "resilience")
  moderated <- "safety_moderator" %in% rivals
  add <- function(e) c(
    if (length(beside) && kind != "safety") paste0("0*", variable(beside)),
    if (moderated) { if (kind == "safety_moderator") c(term("team_safety", e), sprintf("%s_%s_by_tsa*%s_by_safety", c("cog", "aff"), code(e), c("cog", "aff"))) else c("0*team_safety", "0*cog_by_safety", "0*aff_by_safety") })
  lines <- c(
    if (!is.null(items)) sapply(names(items), function(f) paste(variable(f), "=~", paste(items[[f]], collapse = " + "))),
    if (kind == "general" && is.null(items)) "general_trust =~ cognitive_trust + affective_trust",
    from(c(trusts, beside), strategies, function(e) if (moderated) term("team_safety", e)),
    from(links, ways, add), from(response, links),
    from(outcomes, c(response, if (kind == "direct") strategies)),
    if (is.null(items)) pairs(c(strategies, if (moderated) c("team_safety", "cog_by_safety", "aff_by_safety"))),
    pairs(c(trusts, beside)), pairs(links), pairs(response), pairs(outcomes))
  chains <- expand.grid(response = response, link = links, way = ways, strategy = strategies, outcome = outcomes, stringsAsFactors = FALSE)
  k <- as.data.frame(lapply(chains, code))
  k$name <- with(k, paste(strategy, way, link, response, outcome, sep = "_"))
  lines <- c(lines, with(k, sprintf("%s := %s_%s*%s_%s*%s_%s*%s_%s", name, strategy, way, way, link, link, response, response, outcome)))
  sums <- function(name) tapply(k$name, name, paste, collapse = " + ")
  through <- sums(with(k, paste("through", way, strategy, outcome, sep = "_")))
  indirect <- sums(with(k, paste("indirect", strategy, outcome, sep = "_")))
  lines <- c(lines, paste(names(through), ":=", through), paste(names(indirect), ":=", indirect))
  if (kind == "direct") lines <- c(lines, outer(code(strategies), code(outcomes), function(s, o) sprintf("total_%s_%s := %s_%s + indirect_%s_%s", s, o, s, o, s, o)))
  if (kind != "general") lines <- c(lines, "emphasis_technical := tec_cog - tec_aff", "emphasis_relational := rel_aff - rel_cog")
  paste(lines, collapse = "\n")
}

# People made without a generator, so that Python makes the same: fractions of large sines.
noise <- function(j, n) { v <- sin((1:n) * 12.9898 + j * 78.233) * 4375.8545; (v - floor(v)) * 3 }
made <- function(n) {
  e <- sapply(1:13, noise, n = n)
  rel <- e[, 1]; tec <- .4 * rel + e[, 2]
  cog <- .15 * rel + .5 * tec + e[, 3]; aff <- .5 * rel + .15 * tec + .4 * cog + e[, 4]
  saf <- .3 * rel + .2 * tec + .3 * e[, 3] + e[, 13]
  mot <- .3 * cog + .3 * aff + .1 * saf + e[, 5]; cap <- .4 * cog + .1 * aff + e[, 6]; opp <- .2 * cog + .2 * aff + .2 * saf + e[, 7]
  com <- .4 * mot + .2 * cap + .1 * opp + e[, 8]; res <- .2 * mot + .3 * cap + .2 * opp + e[, 9]
  data.frame(relational = rel, technical = tec, cognitive_trust = cog, affective_trust = aff, psychological_safety = saf,
             motivation = mot, capability = cap, opportunity = opp, commitment = com, resilience = res,
             acceptability = .4 * com + .2 * res + .1 * tec + e[, 10], appropriateness = .3 * com + .3 * res + e[, 11],
             feasibility = .2 * com + .4 * res + e[, 12])
}

found <- function(fit) {
  p <- parameterEstimates(fit); s <- standardizedSolution(fit); keep <- p$label != ""
  table <- cbind(est = p$est, se = p$se, ci_low = p$ci.lower, ci_high = p$ci.upper, pvalue = p$pvalue,
                 std = s$est.std, std_ci_low = s$ci.lower, std_ci_high = s$ci.upper)[keep, ]
  rownames(table) <- p$label[keep]; table
}
compared <- function(id, call, kinds, data, ..., lrt, models) {
  fits <- lapply(setNames(kinds, kinds), function(kind) suppressWarnings(sem(models(kind), data, ...)))
  table <- t(sapply(fits, function(fit) {
    m <- fitMeasures(fit)
    pick <- function(name, ends) m[[intersect(paste0(name, ends), names(m))[1]]]
    c(npar = m[["npar"]], chisq = pick("chisq", c(".scaled", "")), df = m[["df"]], pvalue = pick("pvalue", c(".scaled", "")),
      cfi = pick("cfi", c(".robust", "")), rmsea = pick("rmsea", c(".robust", "")), srmr = m[["srmr"]], aic = m[["aic"]], bic = m[["bic"]])
  }))
  apart <- table[, c("aic", "bic")] - rep(apply(table[, c("aic", "bic")], 2, min), each = nrow(table))
  likely <- exp(-apart[, "aic"] / 2)
  table <- cbind(table, delta_aic = apart[, "aic"], delta_bic = apart[, "bic"], akaike_weight = likely / sum(likely))
  differences <- t(sapply(lrt, function(kind) {
    test <- suppressWarnings(lavTestLRT(fits$theory, fits[[kind]]))
    c(chisq = test[2, "Chisq diff"], df = test[2, "Df diff"], pvalue = test[2, "Pr(>Chisq)"])
  }))
  case(id, "Theory of change and rivals", paste0(call, "; lavTestLRT(theory, rival)"), list(table = table, differences = differences))
  for (kind in kinds) {
    m <- fitMeasures(fits[[kind]]); names(m) <- gsub(".", "_", names(m), fixed = TRUE)
    case(paste(id, kind, sep = "/"), "Theory of change and rivals", call,
         list(effects = found(fits[[kind]]), fit = setNames(as.numeric(m), names(m))))
  }
}

people <- made(260)
outcomes <- c("acceptability", "appropriateness", "feasibility")
scores <- function(x) { strategy <- x %in% c("relational", "technical"); x[strategy] <- paste0(x[strategy], "_often"); x }
own_outcome <- function(d) { names(d)[names(d) == "feasibility"] <- "adoption"; d }
renamed <- function(d) { names(d) <- scores(names(d)); d }
three <- c("general", "safety", "direct")
compared("composite", "sem(model, scores, estimator = 'MLR', missing = 'fiml')", c("theory", three), renamed(people),
         estimator = "MLR", missing = "fiml", lrt = c("safety", "direct"), models = function(kind) written(kind, outcomes, three, variable = scores))

holes <- people
holes$motivation[seq(7, 260, 13)] <- NA; holes$relational[seq(5, 260, 17)] <- NA; holes$psychological_safety[seq(3, 260, 11)] <- NA
compared("incomplete", "sem(model, scores with holes, estimator = 'MLR', missing = 'fiml')", c("theory", three), renamed(holes),
         estimator = "MLR", missing = "fiml", lrt = c("safety", "direct"), models = function(kind) written(kind, outcomes, three, variable = scores))

teams <- people
teams$team <- (seq_len(260) * seq_len(260)) %% 31
teams$team_safety <- ave(teams$psychological_safety, teams$team); teams$team_safety <- teams$team_safety - mean(teams$team_safety)
teams$cog_by_safety <- (teams$cognitive_trust - mean(teams$cognitive_trust)) * teams$team_safety
teams$aff_by_safety <- (teams$affective_trust - mean(teams$affective_trust)) * teams$team_safety
two <- c("safety_moderator", "direct")
compared("moderated", "sem(model, scores, estimator = 'MLR', missing = 'fiml', cluster = 'team')", c("theory", two), renamed(own_outcome(teams)),
         estimator = "MLR", missing = "fiml", cluster = "team", lrt = two, models = function(kind) written(kind, "adoption", two, variable = scores))
compared("listwise", "sem(model, scores with holes)", c("theory", "direct"), renamed(holes), estimator = "ML",
         lrt = "direct", models = function(kind) written(kind, outcomes, "direct", variable = scores))

# Latent variables behind three answers each (two of safety), of 420 people.
latent <- own_outcome(made(420))
parts <- c("relational", "technical", "cognitive_trust", "affective_trust", "psychological_safety", "motivation", "capability",
           "opportunity", "commitment", "resilience", "adoption")
items <- lapply(setNames(parts, parts), function(f) paste0(code(f), seq_len(if (f == "psychological_safety") 2 else 3)))
answers <- list(); j <- 20
for (f in parts) for (i in seq_along(items[[f]])) { j <- j + 1; answers[[items[[f]][i]]] <- (1.2 - .1 * i) * latent[[f]] + noise(j, 420) }
answers <- as.data.frame(answers)
measured <- function(kind) {
  if (kind != "general") return(items)
  general <- items; general$general_trust <- c(items$cognitive_trust, items$affective_trust)
  general[setdiff(names(general), c("cognitive_trust", "affective_trust"))]
}
compared("latent", "sem(model, items, estimator = 'MLR', missing = 'fiml')", c("theory", three), answers, estimator = "MLR", missing = "fiml",
         lrt = three, models = function(kind) written(kind, "adoption", three, items = measured(kind)))
