suppressMessages({library(psych)})

hs <- read_data("hs1939.csv")
marker_case <- function(id, call, names, marker, choose) {
  x <- na.omit(hs[c(names, marker)]); n <- nrow(x); r <- cor(x)
  with <- if (is.null(marker)) r[upper.tri(r)] else r[names, marker]
  with <- sort(with[with > 0])
  m <- unname(switch(choose, smallest = with[1], second = with[2], mean = mean(with)))
  pairs <- combn(names, 2, simplify = FALSE); labels <- sapply(pairs, paste, collapse = " ")
  p_of <- function(r, df) 2 * pt(-abs(r) * sqrt(df / (1 - r^2)), df)
  adjust <- function(m) {
    a <- sapply(pairs, function(k) (r[k[1], k[2]] - m) / (1 - m))
    cbind(marker_r = m, adjusted = a, adjusted_p = p_of(a, n - 3))
  }
  observed <- sapply(pairs, function(k) r[k[1], k[2]])
  t <- qt(.975, n - 3); critical <- t / sqrt(n - 3 + t^2)
  loses <- ifelse(observed > 0 & p_of(observed, n - 2) < .05, pmax((observed - critical) / (1 - critical), 0), NA)
  first <- data.frame(r = observed, pvalue = p_of(observed, n - 2), adjust(m)[, -1], loses_at = loses, row.names = labels)
  if (!is.null(marker)) {
    first$partial <- sapply(pairs, function(k) partial.r(x, k, marker)[1, 2])
  }
  # Upper limits of Fisher's z for the marker's correlation.
  again <- do.call(rbind, lapply(c(.75, .95, .99), function(l) {
    a <- data.frame(adjust(tanh(atanh(m) + qnorm((1 + l) / 2) / sqrt(n - 3))))
    rownames(a) <- paste(labels, l); a
  }))
  case(id, "Marker variable", call, list(marker_r = m, pairs = first, sensitivity = again))
}
call <- "(r - m) / (1 - m), t with n - 3 df (Lindell & Whitney, 2001); psych::partial.r  # hs1939, %s"
names <- c("x1", "x4", "x7", "x9")
marker_case("smallest", sprintf(call, "marker x3, smallest"), names, "x3", "smallest")
marker_case("second", sprintf(call, "marker x3, second smallest"), names, "x3", "second")
marker_case("mean", sprintf(call, "marker ageyr, mean of the positive"), names, "ageyr", "mean")
marker_case("none", sprintf(call, "no marker"), names, NULL, "smallest")

bfi <- read_data("bfi.csv")
for (set in list(list("bfi", na.omit(bfi[1:25])), list("hs1939", hs[paste0("x", 1:9)]))) {
  x <- set[[2]]; f <- suppressWarnings(fa(x, 1, fm = "minres"))
  l <- f$loadings[, 1]; if (sum(l) < 0) l <- -l
  case(paste0("harman_", set[[1]]), "Single factor", paste("eigen(cor(x))$values; psych::fa(x, 1)  #", set[[1]]), list(
    component_share = eigen(cor(x))$values[1] / ncol(x), eigenvalues = eigen(cor(x))$values,
    factor_share = mean(f$communality), loadings = l
  ))
}
