suppressMessages({library(multilevel); library(psych)})

bfi <- read_data("bfi.csv")
hs <- read_data("hs1939.csv")
spi <- read_data("spi_trust.csv")
reverse <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
bfi[reverse] <- 7 - bfi[reverse]
spi$q_871 <- 7 - spi$q_871
bfi$agegroup <- floor(bfi$age / 5) * 5
hs$class <- paste(hs$school, hs$grade, sep = "-")
hs$class[grepl("NA", hs$class)] <- NA
trust <- c("q_1855", "q_4289", "q_377", "q_379", "q_871")

rwgj_case <- function(id, x, group, ranvar, what) {
  r <- rwg.j(x, group, ranvar = ranvar)
  values <- r$rwg.j; names(values) <- r$grpid
  sizes <- r$gsize; names(sizes) <- r$grpid
  case(id, "r_WG(J)", sprintf("multilevel::rwg.j(x, grpid, ranvar = %s)  # %s", format(ranvar), what),
       list(rwg_j = values, n = sizes, mean = mean(values, na.rm = TRUE),
            median = median(values, na.rm = TRUE), share_above = mean(na.omit(values) >= .7)))
}
rwg_case <- function(id, x, group, ranvar, what) {
  r <- rwg(x, group, ranvar = ranvar)
  values <- r$rwg; names(values) <- r$grpid
  sizes <- r$gsize; names(sizes) <- r$grpid
  case(id, "r_WG", sprintf("multilevel::rwg(x, grpid, ranvar = %s)  # %s", format(ranvar), what),
       list(rwg = values, n = sizes))
}
icc_case <- function(id, value, group, what) {
  m <- aov(value ~ as.factor(group))
  s <- summary(m)[[1]]
  df1 <- s[1, 1]; df2 <- s[2, 1]; f <- s[1, 4]
  k1 <- df2 / (df1 + 1)  # mean size - 1, as psychometric::ICC1.CI takes it
  fl <- f / qf(.975, df1, df2); fu <- f * qf(.975, df2, df1)
  case(id, "ICC(1) and ICC(2)",
       sprintf("m <- aov(value ~ as.factor(cluster)); multilevel::ICC1(m); multilevel::ICC2(m); psychometric::ICC1.CI's limits  # %s", what),
       list(icc = c(icc1 = ICC1(m), icc2 = ICC2(m), f = f, df1 = df1, df2 = df2, pvalue = s[1, 5],
                    ms_between = s[1, 3], ms_within = s[2, 3]),
            icc1_ci = c((fl - 1) / (fl + k1), (fu - 1) / (fu + k1)),
            icc2_ci = c(1 - 1 / fl, 1 - 1 / fu)))
}

six <- (6^2 - 1) / 12
rwgj_case("bfi_education", bfi[paste0("A", 1:5)], bfi$education, six, "bfi agreeableness by education")
rwgj_case("bfi_age", bfi[paste0("N", 1:5)], bfi$agegroup, six, "bfi neuroticism by five-year age group, singletons")
rwgj_case("bfi_age_skew", bfi[paste0("C", 1:5)], bfi$agegroup, 1.85, "bfi conscientiousness by age group, slight skew")
rwgj_case("hs_class", hs[paste0("x", 4:6)], hs$class, 2, "hs1939 by school and grade")
rwgj_case("spi_education", spi[trust], spi$education, 2.92, "spi trust by education, tabled null variance")
rwg_case("bfi_age_item", bfi$N3, bfi$agegroup, six, "bfi N3 by age group")
rwg_case("spi_item", spi$q_377, spi$education, six, "spi q_377 by education")

icc_case("icc_bfi_education", bfi$A3, bfi$education, "bfi A3 by education")
icc_case("icc_bfi_age", bfi$N1, bfi$agegroup, "bfi N1 by age group, singletons")
icc_case("icc_hs", hs$x4, hs$class, "hs1939 x4 by school and grade")
icc_case("icc_hs_negative", hs$x7[1:60], rep(1:12, 5), "hs1939 x7 of 60 children in meaningless clusters")
icc_case("icc_spi", rowMeans(spi[trust]), spi$education, "spi trust score by education")

# Equal sizes: psych has the one-way limits too.
wide <- matrix(hs$x4[1:240], nrow = 30, byrow = TRUE)
i <- suppressWarnings(ICC(wide, lmer = FALSE, missing = FALSE))$results
row <- function(type) i[i$type == type, ]
case("icc_balanced", "ICC(1) and ICC(2), equal sizes", "psych::ICC(wide, lmer = FALSE), rows ICC1 and ICC1k",
     list(icc = c(icc1 = row("ICC1")$ICC, icc2 = row("ICC1k")$ICC, f = row("ICC1")$F,
                  df1 = row("ICC1")$df1, df2 = row("ICC1")$df2, pvalue = row("ICC1")$p),
          icc1_ci = c(row("ICC1")$`lower bound`, row("ICC1")$`upper bound`),
          icc2_ci = c(row("ICC1k")$`lower bound`, row("ICC1k")$`upper bound`)))

# Team means with t intervals.
teams <- split(rowMeans(spi[trust]), spi$education)
means <- t(sapply(teams, function(x) {
  t <- t.test(x)
  c(n = length(x), mean = unname(t$estimate), sd = sd(x), se = sd(x) / sqrt(length(x)),
    ci_low = t$conf.int[1], ci_high = t$conf.int[2])
}))
all <- t.test(rowMeans(spi[trust]))
case("aggregate_spi", "Team means", "t.test(score) within each cluster, and over all  # spi trust by education",
     list(teams = means, overall = c(n = nrow(spi), mean = unname(all$estimate),
          sd = sd(rowMeans(spi[trust])), ci_low = all$conf.int[1], ci_high = all$conf.int[2])))
