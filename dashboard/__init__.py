"""What people see: the patient's pages and the physiotherapist's, served by Streamlit."""
