suppressMessages({library(psych); library(GPArotation)})

bfi <- read_data("bfi.csv")
sets <- list(
  bfi = list(x = { x <- bfi[c(paste0("A", 1:5), paste0("C", 1:5), paste0("N", 1:5))]; x[stats::complete.cases(x), ][1:400, ] }, m = 3, fm = "minres", rotate = "oblimin"),
  hs = list(x = read_data("hs1939.csv")[paste0("x", 1:9)], m = 3, fm = "minres", rotate = "varimax")
)
splits <- 400
shares <- c(.025, .25, .5, .75, .975)
# varimax() ends some 1e-3 from the optimum unless told otherwise, which fa() does not.
solved <- function(x, run) suppressWarnings(suppressMessages({
  if (run$rotate != "varimax") return(unclass(loadings(fa(x, run$m, rotate = run$rotate, fm = run$fm))))
  unclass(varimax(loadings(fa(x, run$m, rotate = "none", fm = run$fm)), eps = 1e-14)$loadings)
}))
# Order and sign as in the whole sample: the permutation with the largest congruences.
orders <- as.matrix(expand.grid(1:3, 1:3, 1:3)); orders <- orders[apply(orders, 1, function(o) !anyDuplicated(o)), ]
matched <- function(l, whole) {
  phi <- crossprod(l, whole) / sqrt(colSums(l^2) %o% colSums(whole^2))
  best <- orders[which.max(apply(orders, 1, function(o) sum(abs(phi[cbind(o, 1:3)])))), ]
  l <- l[, best]; sweep(l, 2, sign(phi[cbind(best, 1:3)]), "*")
}
for (id in names(sets)) {
  run <- sets[[id]]; x <- run$x; n <- nrow(x); half <- n %/% 2
  whole <- solved(x, run)
  call <- if (run$rotate == "varimax") "varimax(loadings(fa(x, 3, rotate = 'none', fm = 'minres')), eps = 1e-14)" else "fa(x, 3, rotate = 'oblimin', fm = 'minres')"
  labels <- paste0("F", 1:3)
  # fa() sorts factors by what they explain, as we do; signs make the sums of loadings positive.
  whole <- whole[, order(-colSums(whole^2))]; whole <- sweep(whole, 2, sign(colSums(whole)), "*")
  colnames(whole) <- labels
  # One split that everyone can make: odd rows and even rows.
  odd <- matched(solved(x[seq(1, 2 * half, 2), ], run), whole); even <- matched(solved(x[seq(2, 2 * half, 2), ], run), whole)
  colnames(odd) <- colnames(even) <- labels
  alike <- factor.congruence(odd, even, digits = 12)
  dimnames(alike) <- list(labels, labels)
  case(paste(id, "whole", sep = "/"), "Replication in halves", paste0(call, "; factor.congruence(odd, even)"),
       list(loadings = whole, odd = odd, even = even, congruence = alike))
  set.seed(8)
  own <- max.col(abs(whole), ties.method = "first")
  found <- lapply(seq_len(splits), function(i) {
    rows <- sample(n)
    a <- matched(solved(x[rows[1:half], ], run), whole); b <- matched(solved(x[rows[half + 1:half], ], run), whole)
    list(alike = colSums(a * b) / sqrt(colSums(a^2) * colSums(b^2)),
         same = max.col(abs(a)) == own & max.col(abs(b)) == own, apart = (a - b)[cbind(seq_along(own), own)]^2)
  })
  alike <- t(sapply(found, `[[`, "alike")); same <- t(sapply(found, `[[`, "same")); apart <- t(sapply(found, `[[`, "apart"))
  at <- function(p) apply(alike, 2, quantile, probs = p, names = FALSE)
  spread <- sqrt(shares * (1 - shares) / splits)
  values <- at(shares); errors <- (at(pmin(shares + spread, 1)) - at(pmax(shares - spread, 0))) / 2
  dimnames(values) <- dimnames(errors) <- list(as.character(shares), labels)
  items <- cbind(same = colMeans(same), apart = colMeans(apart), apart_error = apply(apart, 2, sd) / sqrt(splits), factor = own)
  rownames(items) <- names(x)
  case(paste(id, "splits", sep = "/"), "Replication in halves", sprintf("%s of 400 random pairs of halves; factor.congruence()", call),
       list(quantiles = values, errors = errors, mean = setNames(colMeans(alike), labels),
            mean_error = setNames(apply(alike, 2, sd) / sqrt(splits), labels), items = items))
}
