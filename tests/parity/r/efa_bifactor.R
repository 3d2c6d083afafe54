suppressMessages({
  library(psych)
  library(GPArotation)
})
local({
  imports <- parent.env(asNamespace("psych"))
  unlockBinding("optim", imports)
  assign("optim", function(..., control) {
    stats::optim(..., control = c(control, list(factr = 10, maxit = 10000)))
  }, envir = imports)
})
read_matrix <- function(name) as.matrix(data.frame(read_data(name), row.names = 1))
sources <- list(
  bfi = list(cor(na.omit(read_data("bfi.csv")[, 1:25])), 5),
  harman74 = list(read_matrix("harman74.csv"), 4),
  hs1939 = list(cor(read_data("hs1939.csv")[, paste0("x", 1:9)]), 3),
  ability = list(read_matrix("ability.csv"), 2)
)
for (name in names(sources)) {
  r <- sources[[name]][[1]]
  m <- sources[[name]][[2]]
  f <- suppressWarnings(fa(r, m, rotate = "oblimin", eps = 1e-8, maxit = 5000))
  factors <- paste0("F", seq_len(m))
  L <- unclass(f$loadings)
  Phi <- f$Phi
  colnames(L) <- factors
  dimnames(Phi) <- list(factors, factors)
  for (option in if (m == 2) c("equal", "first", "second") else "equal") {
    s <- suppressMessages(suppressWarnings(schmid(L, m, Phi = Phi, option = option)))
    sl <- unclass(s$sl)
    groups <- sl[, 1 + seq_len(m), drop = FALSE]
    dimnames(groups) <- list(colnames(r), factors)
    u2 <- setNames(sl[, "u2"], colnames(r))
    # What psych::omega does with these loadings, by its own lines: sums over the items that
    # load most on a group factor, over the variance of their sum.
    own <- apply(abs(groups), 1, which.max)
    sums <- function(R, k) {
      i <- if (k == 0) seq_len(nrow(r)) else which(own == k)
      if (!length(i)) return(c(NA, NA))
      g <- sum(sl[i, 1])^2
      gr <- if (k == 0) NA else sum(groups[i, k])^2
      total <- if (k == 0) 1 - sum(u2) / sum(R) else (g + gr) / sum(R[i, i])
      c(total, if (k == 0) g / sum(R) else gr / sum(R[i, i]))
    }
    table <- function(R) {
      t <- t(sapply(0:m, function(k) sums(R, k)))
      dimnames(t) <- list(c("general", factors), c("omega", "omega_hierarchical"))
      t
    }
    A <- cbind(sl[, 1], groups)
    implied <- A %*% t(A) + diag(u2)
    odds <- colSums(A^2 / (1 - A^2))
    case(
      sprintf("%s/%d/%s", name, m, option), "Schmid-Leiman and bifactor indices",
      sprintf('schmid(f$loadings, %d, Phi = f$Phi, option = "%s") # %s', m, option, name),
      list(
        general = setNames(sl[, 1], colnames(r)), groups = groups,
        second_order = setNames(as.vector(s$gloading), factors),
        uniquenesses = u2, general_share = setNames(sl[, "p2"], colnames(r)),
        ecv = sum(sl[, 1]^2) / sum(A^2), implied = table(implied), observed = table(r),
        h = setNames(odds / (1 + odds), c("general", factors)),
        determinacy = setNames(sqrt(diag(t(A) %*% solve(implied, A))), c("general", factors))
      )
    )
    if (m > 2) {
      o <- suppressMessages(suppressWarnings(omega(L, m, Phi = Phi, flip = FALSE, plot = FALSE)))
      case(
        sprintf("%s/%d/omega", name, m), "Bifactor indices",
        sprintf("omega(f$loadings, %d, Phi = f$Phi, flip = FALSE) # %s", m, name),
        list(omega_hierarchical = o$omega_h, ecv = unname(o$ECV))
      )
    }
  }
  v <- unclass(suppressWarnings(fa(r, m, rotate = "none"))$loadings)
  colnames(v) <- factors
  case(
    sprintf("%s/%d/congruence", name, m), "Congruence",
    sprintf('factor.congruence(fa(r, %d, rotate = "oblimin"), fa(r, %d, rotate = "none"), digits = 15) # %s', m, m, name),
    list(coefficients = factor.congruence(L, v, digits = 15))
  )
}
