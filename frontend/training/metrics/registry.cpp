#include "frontend/training/metrics/registry.h"

#include "frontend/training/metrics/recipes.h"

namespace kcc {

const std::vector<MetricRecipe>& metric_recipes() {
  static const std::vector<MetricRecipe> kRecipes = {
      {"AUC", auc},
      {"Accuracy", accuracy},
      {"BinaryAccuracy", binary_accuracy},
      {"BinaryIoU", binary_iou},
      {"CategoricalAccuracy", categorical_accuracy},
      {"ConcordanceCorrelation", concordance_correlation},
      {"CosineSimilarity", cosine_similarity},
      {"F1Score", f1_score},
      {"FBetaScore", f_beta_score, "fbeta_score"},
      {"FalseNegatives", false_negatives},
      {"FalsePositives", false_positives},
      {"IoU", iou},
      {"MeanIoU", mean_iou},
      {"OneHotIoU", one_hot_iou},
      {"OneHotMeanIoU", one_hot_mean_iou},
      {"PearsonCorrelation", pearson_correlation},
      {"Precision", precision},
      {"PrecisionAtRecall", precision_at_recall},
      {"R2Score", r2_score},
      {"Recall", recall},
      {"RecallAtPrecision", recall_at_precision},
      {"RootMeanSquaredError", root_mean_squared_error},
      {"SensitivityAtSpecificity", sensitivity_at_specificity},
      {"SparseCategoricalAccuracy", sparse_categorical_accuracy},
      {"SparseTopKCategoricalAccuracy", sparse_top_k_accuracy},
      {"SpecificityAtSensitivity", specificity_at_sensitivity},
      {"TopKCategoricalAccuracy", top_k_accuracy},
      {"TrueNegatives", true_negatives},
      {"TruePositives", true_positives},
  };
  return kRecipes;
}

std::string why_no_metric(const std::string& name) {
  if (name == "mean" || name == "sum" || name == "mean_tensor")
    return "averages values that it is handed, and compile() hands it labels and predictions; write what it should "
           "average as a function of --define";
  return "";
}

}  // namespace kcc
