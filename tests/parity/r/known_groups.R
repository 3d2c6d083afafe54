suppressMessages({library(pROC)})

# Yuen's trimmed means for any number of groups, as Wilcox gives them.
trimmed_test <- function(y, g, tr = .2) {
  parts <- split(y, g)
  n <- lengths(parts); out <- floor(tr * n); h <- n - 2 * out
  m <- sapply(parts, mean, trim = tr)
  v <- mapply(function(x, o) { x <- sort(x); l <- length(x); var(pmin(pmax(x, x[o + 1]), x[l - o])) }, parts, out)
  w <- h * (h - 1) / ((n - 1) * v); u <- sum(w); k <- length(parts)
  grand <- sum(w * m) / u
  spread <- sum((1 - w / u)^2 / (h - 1))
  f <- (sum(w * (m - grand)^2) / (k - 1)) / (1 + 2 * (k - 2) * spread / (k^2 - 1))
  df2 <- (k^2 - 1) / (3 * spread)
  c(trimmed_f = f, trimmed_df2 = df2, trimmed_p = pf(f, k - 1, df2, lower.tail = FALSE))
}

limits_t <- function(t, df) {
  root <- function(target) uniroot(function(nc) pt(t, df, nc) - target, c(t - 6, t + 6), tol = 1e-13)$root
  suppressWarnings(c(root(.975), root(.025)))
}
limits_f <- function(f, df1, df2) {
  root <- function(target) {
    if (pf(f, df1, df2) <= target) return(0)
    uniroot(function(nc) pf(f, df1, df2, nc) - target, c(0, 10 * f * df1 + 50), tol = 1e-12)$root
  }
  suppressWarnings(c(root(.975), root(.025)))
}

pair <- function(a, b) {
  t <- t.test(b, a)
  n1 <- length(a); n2 <- length(b); df <- n1 + n2 - 2
  sp <- sqrt(((n1 - 1) * var(a) + (n2 - 1) * var(b)) / df)
  d <- (mean(b) - mean(a)) / sp
  j <- gamma(df / 2) / (sqrt(df / 2) * gamma((df - 1) / 2))
  if (!is.finite(j)) j <- exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)
  scale <- sqrt(1 / n1 + 1 / n2)
  g <- j * limits_t(d / scale, df) * scale
  area <- suppressWarnings(ci.auc(roc(rep(0:1, c(n1, n2)), c(a, b), direction = "<", quiet = TRUE)))
  c(difference = mean(b) - mean(a), ci_low = t$conf.int[1], ci_high = t$conf.int[2], t = unname(t$statistic),
    df = unname(t$parameter), pvalue = t$p.value, d = d, g = j * d, g_low = g[1], g_high = g[2],
    superiority = area[2], superiority_low = area[1], superiority_high = area[3])
}

groups_case <- function(id, call, scores, g) {
  tests <- sapply(scores, function(y) {
    use <- !is.na(y) & !is.na(g)
    y <- y[use]; group <- factor(g[use])
    welch <- oneway.test(y ~ group); a <- anova(lm(y ~ group)); rank <- kruskal.test(y, group)
    ss <- a[["Sum Sq"]]; n <- length(y)
    share <- limits_f(a[1, "F value"], a[1, "Df"], a[2, "Df"])
    c(n = n, n_groups = nlevels(group), f = unname(welch$statistic), df1 = unname(welch$parameter[1]),
      df2 = unname(welch$parameter[2]), pvalue = welch$p.value, eta2 = ss[1] / sum(ss),
      omega2 = (ss[1] - a[1, "Df"] * a[2, "Mean Sq"]) / (sum(ss) + a[2, "Mean Sq"]),
      share_low = share[1] / (share[1] + n), share_high = share[2] / (share[2] + n),
      anova_f = a[1, "F value"], anova_df2 = a[2, "Df"], anova_p = a[1, "Pr(>F)"],
      trimmed_test(y, group), rank_h = unname(rank$statistic), rank_p = rank$p.value)
  })
  tests <- rbind(tests, p_holm = p.adjust(tests["pvalue", ], "holm"))
  labels <- sort(unique(na.omit(g)))
  pairs <- do.call(cbind, lapply(names(scores), function(s) {
    y <- scores[[s]]
    two <- combn(length(labels), 2, simplify = FALSE)
    m <- sapply(two, function(k) pair(na.omit(y[which(g == labels[k[1]])]), na.omit(y[which(g == labels[k[2]])])))
    colnames(m) <- sapply(two, function(k) paste(s, labels[k[1]], labels[k[2]]))
    m
  }))
  pairs <- rbind(pairs, p_holm = p.adjust(pairs["pvalue", ], "holm"))
  case(id, "Known groups", call, list(tests = t(tests), contrasts = t(pairs)))
}

call <- "oneway.test(y ~ g); anova(lm(y ~ g)); kruskal.test(y, g); t.test(y2, y1); p.adjust(p, 'holm'); pROC::ci.auc(roc(g, y)); noncentral limits by uniroot(pt, pf)  # %s"
hs <- read_data("hs1939.csv")
groups_case("hs1939_school", sprintf(call, "hs1939, x1, x4 and x9 by school"), hs[c("x1", "x4", "x9")], hs$school)
bfi <- read_data("bfi.csv")
means <- data.frame(N = rowMeans(bfi[paste0("N", 1:5)]), O = rowMeans(cbind(bfi[c("O1", "O3", "O4")], 7 - bfi[c("O2", "O5")])))
groups_case("bfi_education", sprintf(call, "bfi, means of N and O by education"), means, bfi$education)
