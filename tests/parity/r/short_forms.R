suppressMessages({library(lavaan); library(psych)})

bfi <- read_data("bfi.csv")
spi <- read_data("spi_trust.csv")
tight <- list(rel.tol = 1e-10, iter.max = 20000, eval.max = 40000)

# Every subset is judged by itself: psych's alpha, lavaan's one-factor model, a plain correlation.
judged <- function(x, items) {
  fit <- suppressWarnings(cfa(paste("f =~", paste(items, collapse = " + ")), x, std.lv = TRUE, control = tight))
  p <- parameterEstimates(fit); own <- p$op == "~~" & p$lhs == p$rhs & p$lhs != "f"
  common <- sum(p$est[p$op == "=~"])^2
  proper <- if (all(p$est[own] > 0)) 1 else NA  # a Heywood case is no candidate
  c(alpha = suppressWarnings(alpha(x[items], check.keys = FALSE, warnings = FALSE)$total$raw_alpha),
    omega = proper * common / (common + sum(p$est[own])), cfi = proper * fitMeasures(fit, "cfi")[[1]],
    rmsea = proper * fitMeasures(fit, "rmsea")[[1]], r_full = cor(rowSums(x[items]), rowSums(x)))
}
forms_case <- function(id, what, x, k, weights, facets = NULL) {
  x <- na.omit(x); sets <- combn(names(x), k, simplify = FALSE)
  if (!is.null(facets)) {
    least <- k %/% length(unique(facets))
    sets <- Filter(function(s) all(table(factor(facets[s], unique(facets))) >= least), sets)
  }
  merits <- t(sapply(sets, judged, x = x))
  criterion <- drop(merits[, names(weights), drop = FALSE] %*% weights) / sum(weights)
  best <- order(-criterion)
  rows <- sapply(sets, paste, collapse = ", ")
  table <- cbind(criterion = criterion, merits)[best, ]; rownames(table) <- rows[best]
  place <- setNames(seq_along(best), rows[best])
  whole <- judged(x, names(x))
  # One item at a time: dropped from the best form, or added to it.
  form <- sets[[best[1]]]; base <- merits[best[1], c("alpha", "omega", "r_full")]
  costs <- t(sapply(names(x), function(i) {
    other <- if (i %in% form) setdiff(form, i) else names(x)[names(x) %in% c(form, i)]
    if (length(other) < 3) return(setNames(rep(NA, 3), names(base)))
    judged(x, other)[names(base)] - base
  }))
  colnames(costs) <- paste0(colnames(costs), "_change")
  case(id, "Short forms", sprintf("psych::alpha(x[items]); lavaan::cfa('f =~ ...', x), all %d subsets of %d items  # %s", length(sets), k, what),
    list(n_judged = length(sets), table = table, place = place, whole = whole, costs = costs))
}
even <- c(omega = 1, cfi = 1, r_full = 1)
forms_case("bfi/4", "bfi N, C and E, rows 1 to 600", bfi[1:600, c(paste0("N", 1:5), "C4", "C5", "E1", "E2")], 4, even)
forms_case("bfi/3", "bfi N, rows 1 to 600", bfi[1:600, paste0("N", 1:5)], 3, c(alpha = 2, r_full = 1))
trust <- grep("^q_", names(spi), value = TRUE)[1:5]
forms_case("spi/4", "spi_trust", spi[trust], 4, even)
forms_case("facets", "bfi, two facets", bfi[1:600, c("N1", "N2", "N3", "C4", "C5", "N4")], 4, even,
  c(N1 = "a", N2 = "a", N3 = "a", C4 = "b", C5 = "b", N4 = "b"))
