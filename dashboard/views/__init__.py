"""The pages, one a file, run by Streamlit from top to bottom: widgets, query, chart."""
