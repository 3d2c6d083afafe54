suppressMessages({
  library(psych)
  library(GPArotation)
  library(lavaan)
})

# psych::omega lets its parts stop early: optim at 1e7 times the machine precision, varimax at a
# relative gain of 1e-5, GPArotation at a slope of 1e-5, principal axes at .001. Here all run to
# their limit, so that what is compared is the statistic.
local({
  put <- function(name, value, envir) {
    unlockBinding(name, envir)
    assign(name, value, envir = envir)
  }
  tight <- stats::varimax
  formals(tight)$eps <- 1e-15
  put("varimax", tight, asNamespace("stats"))
  put("optim", function(..., control) {
    stats::optim(..., control = c(control, list(factr = 10, maxit = 10000)))
  }, parent.env(asNamespace("psych")))
  for (name in c("oblimin", "geominQ", "bentlerQ", "simplimax")) {
    f <- getExportedValue("GPArotation", name)
    formals(f)$eps <- 1e-9
    formals(f)$maxit <- 20000
    put(name, f, asNamespace("GPArotation"))
    exports <- as.environment("package:GPArotation")
    put(name, f, exports)
  }
  f <- psych::fa
  formals(f)$min.err <- 1e-13
  formals(f)$max.iter <- 50000
  put("fa", f, asNamespace("psych"))
  put("fa", f, as.environment("package:psych"))
})

omega_case <- function(id, x, m, ..., call = "") {
  o <- suppressWarnings(suppressMessages(omega(x, m, plot = FALSE, ...)))
  factors <- paste0("F", seq_len(m))
  sl <- unclass(o$schmid$sl)[, 1:(m + 3)]
  items <- sub("-$", "", rownames(sl))
  dimnames(sl) <- list(items, c("general", factors, "h2", "u2"))
  group <- as.matrix(o$omega.group)
  rownames(group) <- c("general", factors)
  phi <- o$schmid$phi
  dimnames(phi) <- list(factors, factors)
  oblique <- unclass(o$schmid$oblique)
  dimnames(oblique) <- list(items, factors)
  # psych has no PUC: items to the factor on which they load most, pairs across over all pairs.
  size <- table(apply(abs(sl[, factors]), 1, which.max))
  p <- length(items)
  case(
    id, "Hierarchical omega",
    sprintf("omega(%s, %d%s)  # all parts run to convergence", sub("/.*", "", id), m, call),
    list(
      total = c(
        omega_total = o$omega.tot, omega_hierarchical = unname(o$omega_h),
        omega_asymptotic = unname(o$omega.lim), alpha = o$alpha, lambda6 = o$G6,
        ecv = unname(o$ECV), puc = 1 - sum(size * (size - 1)) / (p * (p - 1))
      ),
      omega_group = group, loadings = sl, oblique = oblique, phi = phi,
      second_order = setNames(as.numeric(o$schmid$gloading), factors),
      key = setNames(as.numeric(o$key), items)
    )
  )
}

bfi <- read_data("bfi.csv")[, 1:25]
hs <- read_data("hs1939.csv")[, paste0("x", 1:9)]
spi <- read_data("spi_trust.csv")[, c("q_1855", "q_4289", "q_377", "q_379", "q_871")]
whole <- na.omit(bfi)
spi <- na.omit(spi)

for (fm in c("minres", "ml", "pa")) {
  omega_case(paste0("bfi/5/", fm, "/oblimin"), whole, 5, fm = fm, call = sprintf(", fm = '%s'", fm))
  omega_case(paste0("hs1939/3/", fm, "/oblimin"), hs, 3, fm = fm, call = sprintf(", fm = '%s'", fm))
}
for (rotate in c("promax", "geominQ", "bentlerQ")) {
  call <- sprintf(", rotate = '%s'", rotate)
  omega_case(paste0("bfi/5/minres/", rotate), whole, 5, rotate = rotate, call = call)
  omega_case(paste0("hs1939/3/minres/", rotate), hs, 3, rotate = rotate, call = call)
}
omega_case("hs1939/3/minres/simplimax", hs, 3, rotate = "simplimax", call = ", rotate = 'simplimax'")
omega_case("bfi/3/minres/oblimin", whole, 3)
omega_case("bfi_pairwise/5/minres/oblimin", bfi, 5)
omega_case("bfi_unflipped/5/minres/oblimin", whole, 5, flip = FALSE, call = ", flip = FALSE")
for (option in c("equal", "first", "second")) {
  call <- sprintf(", option = '%s'", option)
  omega_case(paste0("bfi_AC/2/minres/oblimin/", option), whole[, 1:10], 2, option = option, call = call)
  omega_case(paste0("spi_trust/2/minres/oblimin/", option), spi, 2, option = option, call = call)
}
R <- unclass(lavCor(whole, ordered = names(whole)))
class(R) <- "matrix"
omega_case("bfi_polychoric/5/minres/oblimin", R, 5, n.obs = nrow(whole), call = " polychoric (lavCor)")
