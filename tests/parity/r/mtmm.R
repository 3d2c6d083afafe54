suppressMessages({library(psych)})

# Campbell and Fiske's matrix and counts, by loops over every comparison.
bfi <- read_data("bfi.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
traits <- c("A", "C", "E", "O"); methods <- list(first = 1:2, second = 3:4, last = 5)

mtmm_case <- function(id, call, traits, methods, use) {
  keys <- expand.grid(trait = traits, method = names(methods), stringsAsFactors = FALSE)
  sets <- Map(function(t, m) paste0(t, methods[[m]]), keys$trait, keys$method)
  scores <- sapply(sets, function(s) rowMeans(bfi[s]))
  names <- paste(keys$method, keys$trait); colnames(scores) <- names
  if (use == "complete") scores <- na.omit(scores)
  r <- cor(scores, use = "pairwise")
  # R's means of one column are that column; alpha of a single column is unknown.
  reliability <- sapply(sets, function(s) if (length(s) < 2) NA else suppressWarnings(alpha(na.omit(bfi[s])))$total$raw_alpha)
  same_t <- outer(keys$trait, keys$trait, "=="); same_m <- outer(keys$method, keys$method, "==")
  p <- nrow(keys); above <- between <- within <- c()
  for (a in 1:(p - 1)) for (b in (a + 1):p) if (same_t[a, b]) {
    n <- sum(!is.na(scores[, a] + scores[, b]))
    above <- c(above, r[a, b] > 0 && 2 * pt(-abs(r[a, b]) * sqrt((n - 2) / (1 - r[a, b]^2)), n - 2) < .05)
    for (k in 1:p) if (!same_t[a, k]) {
      if (same_m[b, k]) between <- c(between, r[a, b] > r[a, k])
      if (same_m[a, k]) between <- c(between, r[a, b] > r[b, k])
      if (same_m[a, k]) within <- c(within, r[a, b] > r[a, k])
      if (same_m[b, k]) within <- c(within, r[a, b] > r[b, k])
    }
  }
  blocks <- list()
  for (m1 in names(methods)) for (m2 in names(methods)) {
    blocks[[paste(m1, m2)]] <- combn(traits, 2, function(t) r[paste(m1, t[1]), paste(m2, t[2])])
  }
  pattern <- c()
  if (length(traits) > 2) for (i in 1:(length(blocks) - 1)) for (j in (i + 1):length(blocks)) {
    pattern <- c(pattern, combn(length(blocks[[1]]), 2, function(k)
      sign(diff(blocks[[i]][k])) == sign(diff(blocks[[j]][k]))))
  }
  ranks <- t(sapply(blocks, rank)); m <- nrow(ranks); k <- ncol(ranks)
  w <- 12 * sum((colSums(ranks) - mean(colSums(ranks)))^2) / (m^2 * (k^3 - k))
  out <- r; diag(out) <- reliability
  case(id, "Multitrait-multimethod matrix", call, list(
    matrix = out, n_met = c(sum(above), sum(between), sum(within), sum(pattern)),
    n = c(length(above), length(between), length(within), length(pattern)), concordance = w
  ))
}
call <- "cor(x); psych::alpha(items)$total$raw_alpha; counts over all comparisons; Kendall's W  # bfi, A, C, E, O by items 1-2, 3-4, 5%s"
mtmm_case("bfi_listwise", sprintf(call, ""), traits, methods, "complete")
mtmm_case("bfi_pairwise", sprintf(call, ", pairwise"), traits, methods, "pairwise")
