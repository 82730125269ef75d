"""The rules of the workflow in sets: by stage, and those that depend on a stage."""

IMAGES = {"acquire_images", "list_images", "ingest_images", "write_manifest", "pack_originals"}
STUDY_IMAGES = {"make_study_references"}
ENCODED_TEXTS = {"encode_texts"}
ENCODERS = {"prepare_bundle", "export_tower"} | ENCODED_TEXTS
AUGMENTATIONS = {"describe_augmentations"}  # figures read labels and colours in its table
VIEWS = {"augment_views"}
STUDY_VIEWS = {"make_study_views", "make_equal_damage_views"}
ENCODING = {"encode_views", "merge_encoded", "encode_precision_sample"}
STUDY_ENCODING = {"encode_study_views", "encode_references"}
PIXEL_METRICS = {"compute_pixel_metrics"}
STUDY_PIXEL_METRICS = {"compute_study_pixels"}
METRICS = {"compute_representation_metrics", "compute_metrics"}
DISTANCES = {"compute_pairwise_distance"}
STUDY_METRICS = {"compute_study_metrics"}
READ_OUTS = {
    "read_out_concepts",
    "read_out_equivariance",
    "read_out_image_shares",
    "read_out_fingerprint",
    "read_out_latents",
    "read_out_layers",
    "read_out_ledger",
    "read_out_nearest_images",
    "read_out_neighbours",
    "read_out_similarity_maps",
}
STATISTICS = {"summarise_metrics", "compare_augmentations", "judge_claims", "compare_models", "measure_precision"}
ATTACK_ENCODING = {"encode_attacked_views", "capture_attacked_views"}
ATTACKING = {"attack_images", "plot_attack_strip"} | ATTACK_ENCODING
MEASURED_ATTACKS = {"measure_attacks"}
ATTACK_CLAIMS = {"judge_attack_claims"}
TABULATED_ATTACKS = {"tabulate_attacks", "plot_attack_curve"} | ATTACK_CLAIMS
COMPARED_ATTACKS = {"compare_attacks", "plot_attack_transfer"} | ATTACK_CLAIMS
DETECTED_ATTACKS = {"detect_attacks", "plot_attack_detection"} | ATTACK_CLAIMS
ATTACK_FIGURES = {"plot_attack_detection", "plot_attack_curve", "plot_attack_strip", "plot_attack_transfer"}
STUDY_STATISTICS = {"tabulate_study", "audit_method", "tabulate_steps"}
PICTURES = {"plot_augmentation_strip"}
ATTENTION_PICTURES = {"plot_attention_grid"}
NOTABLE_IMAGES = {"find_notable_images", "plot_notable_images"}
DENDROGRAM = {"plot_dendrogram"}
FIGURES_OF_IMAGES = {
    "plot_attention_samples",
    "plot_cosine_distribution",
    "plot_cosine_samples",
    "plot_l2_kde",
}
FIGURES_OF_SUMMARIES = {
    "plot_l2_bars",
    "plot_metric_clustermap",
    "plot_metric_comparison",
    "plot_metric_heatmap",
    "plot_metric_profiles",
    "plot_model_comparison",
    "plot_radar",
}
RANKS_FIGURE = {"plot_critical_difference"}
METHOD = {"plot_method"}
STUDY_FIGURES = {"plot_noise_floor", "plot_dose_response", "plot_equal_damage"}
CARD_FIGURE = {"plot_augmentation_card"}
CARD = {"write_augmentation_card"} | CARD_FIGURE
NEIGHBOURS_OF_DOSES = {"tabulate_dose_neighbours"} | CARD
LISTS_FIGURE = {"plot_steps"}
AUDIT_FIGURE = {"plot_audit"}
MECHANISM_FIGURES = {
    "plot_concepts",
    "plot_fingerprint",
    "plot_layer_profile",
    "plot_nearest_images",
    "plot_neighbour_overlap",
    "plot_shift_ledger",
}
WORDS_FIGURE = {"plot_words"}
NAMED_PARTS_FIGURES = {"plot_named_heads", "plot_text_maps"}
FROM_PHRASES = {"name_heads", "name_concepts", "map_texts"} | NAMED_PARTS_FIGURES
FROM_SCORES = {"score_words", "judge_word_claims"} | WORDS_FIGURE
DRAWN = {"draw_texts"}
TEXTS = {"write_numbers", "write_paper_tables"} | DRAWN
PAGE = {"write_results_page"}  # the entry page of the results, which shows the figures
PAPER = {"build_paper", "copy_paper", "all"} | PAGE
RECORD = {
    "record_run",
    "build_paper",
    "copy_paper",
    "all",
}  # the record names every file of code that the results depend on

FIGURES = (
    PICTURES
    | ATTENTION_PICTURES
    | {"plot_notable_images"}
    | DENDROGRAM
    | FIGURES_OF_IMAGES
    | FIGURES_OF_SUMMARIES
    | RANKS_FIGURE
    | METHOD
    | STUDY_FIGURES
    | LISTS_FIGURE
    | AUDIT_FIGURE
    | CARD_FIGURE
    | MECHANISM_FIGURES
    | ATTACK_FIGURES
    | WORDS_FIGURE
    | NAMED_PARTS_FIGURES
)
FROM_STUDY_METRICS = (
    STUDY_METRICS | STUDY_STATISTICS | STUDY_FIGURES | LISTS_FIGURE | CARD | AUDIT_FIGURE | TEXTS | PAPER
)
FROM_METRICS = (
    STATISTICS
    | NOTABLE_IMAGES
    | FIGURES_OF_IMAGES
    | FIGURES_OF_SUMMARIES
    | RANKS_FIGURE
    | METHOD
    | FROM_STUDY_METRICS
    | TABULATED_ATTACKS
)
FROM_CAPTURE = (
    READ_OUTS
    | MECHANISM_FIGURES
    | CARD
    | {"compare_mechanisms", "judge_related_claims"}
    | FROM_PHRASES
    | DETECTED_ATTACKS
)
FROM_ENCODING = (
    ENCODING
    | NEIGHBOURS_OF_DOSES
    | FROM_CAPTURE
    | FROM_SCORES
    | METRICS
    | DISTANCES
    | DENDROGRAM
    | ATTENTION_PICTURES
    | MEASURED_ATTACKS
    | COMPARED_ATTACKS
    | DETECTED_ATTACKS
    | {"plot_attack_strip"}
    | FROM_METRICS
)
FROM_VIEWS = VIEWS | PIXEL_METRICS | PICTURES | FROM_ENCODING
FROM_STUDY_VIEWS = (
    STUDY_VIEWS
    | (STUDY_ENCODING - {"encode_references"})
    | NEIGHBOURS_OF_DOSES
    | STUDY_PIXEL_METRICS
    | FROM_STUDY_METRICS
)
FROM_IMAGES = IMAGES | ENCODED_TEXTS | STUDY_IMAGES | {"encode_references"} | ATTACKING | FROM_VIEWS | FROM_STUDY_VIEWS
EVERYTHING = FROM_IMAGES | ENCODERS | ENCODED_TEXTS | AUGMENTATIONS
