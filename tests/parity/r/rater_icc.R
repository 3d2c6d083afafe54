suppressMessages({library(psych); library(lme4)})

tidy_table <- function(results) {
  out <- results[c("ICC", "F", "df1", "df2", "p", "lower bound", "upper bound")]
  rownames(out) <- results$type
  out
}
complete_case <- function(id, x) {
  i <- ICC(x, lmer = FALSE)
  case(id, "Intraclass correlations of raters", "psych::ICC(x, lmer = FALSE)",
    list(table = tidy_table(i$results)))
}
# psych takes lmer as it comes; the variances are also given from a search to the last digit.
gaps_case <- function(id, x) {
  i <- suppressMessages(ICC(x))
  d <- data.frame(v = unlist(x), id = factor(rep(seq_len(nrow(x)), ncol(x))),
    j = factor(rep(seq_len(ncol(x)), each = nrow(x))))
  m <- lmer(v ~ 1 + (1 | id) + (1 | j), d,
    control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12)))
  v <- as.data.frame(VarCorr(m)); v <- setNames(v$vcov, v$grp)
  case(id, "Intraclass correlations of raters, ratings missing",
    "psych::ICC(x); lme4::lmer(v ~ 1 + (1 | id) + (1 | j), control = lmerControl(optimizer = 'bobyqa', optCtrl = list(rhoend = 1e-12)))",
    list(table = tidy_table(i$results),
      components = c(targets = v[["id"]], raters = v[["j"]], error = v[["Residual"]])))
}

sf <- read_data("ratings.csv")
attitude <- read_data("attitude.csv")
bfi <- read_data("bfi.csv")
neuro <- bfi[paste0("N", 1:5)]
complete_case("shrout_fleiss", sf)
complete_case("attitude", attitude)
complete_case("bfi_N", na.omit(neuro))
complete_case("two_judges", sf[1:2])
x <- sf; x[1, 2] <- NA; x[4, 3] <- NA
gaps_case("shrout_fleiss_gaps", x)
x <- attitude; x[cbind(c(1, 5, 9, 12, 20, 20, 28), c(1, 3, 7, 2, 4, 5, 6))] <- NA
gaps_case("attitude_gaps", x)
gaps_case("bfi_N_gaps", neuro[1:400, ])
